"""A charging station by Python's `ocpp` for OCPP 2.0.1 and 2.1. Arguments: version, URL.

First a session through the library's typed client, which validates our answers against the official schemas; then every request that a
station may send, made from its own official schema, with the answer validated likewise.
"""

import asyncio
import importlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone

import ocpp
import websockets
from ocpp.messages import Call, CallResult, unpack, validate_payload

VERSION = sys.argv[1]
MODULE = {"2.0.1": "v201", "2.1": "v21"}[VERSION]
call = importlib.import_module(f"ocpp.{MODULE}.call")
ChargePoint = importlib.import_module(f"ocpp.{MODULE}").ChargePoint
SCHEMAS = os.path.join(os.path.dirname(ocpp.__file__), MODULE, "schemas")

# What a station sends and the central system answers; the rest goes the other way.
FROM_STATION = """Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification Get15118EVCertificate
GetCertificateStatus Heartbeat LogStatusNotification MeterValues NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages
NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport PublishFirmwareStatusNotification
ReportChargingProfiles ReservationStatusUpdate SecurityEventNotification SignCertificate StatusNotification TransactionEvent""".split()
NEW_IN_21 = """BatterySwap ClosePeriodicEventStream GetCertificateChainStatus NotifyDERAlarm NotifyDERStartStop NotifyPriorityCharging
NotifySettlement NotifyWebPaymentStarted OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl VatNumberValidation""".split()


def at(minutes):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat()


def example(schema, root):
    """The smallest value that the schema allows."""
    if "$ref" in schema:
        return example(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: example(schema["properties"][name], root) for name in schema.get("required", [])}
    if kind == "array":
        return [example(schema["items"], root)] * max(1, schema.get("minItems", 0))
    if kind == "string":
        return at(0) if schema.get("format") == "date-time" else "x"
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return False
    return {}


async def session(socket):
    point = ChargePoint("CS1", socket)
    listener = asyncio.create_task(point.start())

    async def send(request):
        answer = await point.call(request, suppress=False)
        assert answer is not None, request
        return answer

    boot = await send(call.BootNotification(charging_station={"model": "M2", "vendor_name": "ACME"}, reason="PowerUp"))
    assert boot.status == "Accepted" and boot.interval == 300, boot
    await send(call.StatusNotification(timestamp=at(-31), connector_status="Occupied", evse_id=1, connector_id=1))
    token = {"id_token": "A1B2C3", "type": "ISO14443"}
    authorised = await send(call.Authorize(id_token=token))
    assert authorised.id_token_info["status"] == "Accepted", authorised

    def meter(minutes, wh, context):
        sampled = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register", "unit_of_measure": {"unit": "Wh"}}
        power = {"value": 7.2, "measurand": "Power.Active.Import", "unit_of_measure": {"unit": "kW"}}
        return [{"timestamp": at(minutes), "sampled_value": [sampled, power]}]

    info = {"transaction_id": "tx-1", "charging_state": "Charging"}
    started = await send(
        call.TransactionEvent(event_type="Started", timestamp=at(-30), trigger_reason="Authorized", seq_no=0, transaction_info=info,
                              evse={"id": 1, "connector_id": 1}, id_token=token, meter_value=meter(-30, 1000, "Transaction.Begin")))
    assert started.id_token_info["status"] == "Accepted", started
    updated = await send(
        call.TransactionEvent(event_type="Updated", timestamp=at(-15), trigger_reason="MeterValuePeriodic", seq_no=1, transaction_info=info,
                              meter_value=meter(-15, 2800, "Sample.Periodic")))
    assert updated.id_token_info is None, updated
    ended = {"transaction_id": "tx-1", "charging_state": "EVConnected", "stopped_reason": "Local", "time_spent_charging": 1700}
    await send(call.TransactionEvent(event_type="Ended", timestamp=at(-1), trigger_reason="StopAuthorized", seq_no=2, transaction_info=ended,
                                    meter_value=meter(-1, 4400, "Transaction.End")))
    await send(call.StatusNotification(timestamp=at(0), connector_status="Available", evse_id=1, connector_id=1))
    listener.cancel()


async def every_action(socket):
    responses = 0
    for action in FROM_STATION + (NEW_IN_21 if VERSION == "2.1" else []):
        with open(os.path.join(SCHEMAS, f"{action}Request.json"), encoding="utf-8-sig") as file:
            schema = json.load(file)
        request = Call(unique_id=f"m-{action}", action=action, payload=example(schema, schema))
        validate_payload(request, VERSION)
        await socket.send(request.to_json())
        answer = unpack(await asyncio.wait_for(socket.recv(), 10))
        assert isinstance(answer, CallResult), f"{action}: {answer}"
        assert answer.unique_id == f"m-{action}", answer
        answer.action = action
        validate_payload(answer, VERSION)
        responses += 1
    if VERSION == "2.1":
        # A SEND is never answered: the next answer belongs to the next request.
        stream = {"id": 1, "pending": 0, "basetime": at(0), "data": [{"t": 0, "v": "1"}]}
        await socket.send(json.dumps([6, "s-1", "NotifyPeriodicEventStream", stream]))
        await socket.send(json.dumps([5, "x-1", "FormatViolation", "", {}]))
        await socket.send(Call(unique_id="after", action="Heartbeat", payload={}).to_json())
        assert json.loads(await asyncio.wait_for(socket.recv(), 10))[:2] == [3, "after"]
    return responses


async def main():
    async with websockets.connect(sys.argv[2], subprotocols=[f"ocpp{VERSION}"]) as socket:
        assert socket.subprotocol == f"ocpp{VERSION}"
        await session(socket)
        print(f"OCPP {VERSION}: a session, and {await every_action(socket)} actions, every answer valid")


asyncio.run(main())
