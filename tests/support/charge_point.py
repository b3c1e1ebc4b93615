"""A charge point by Python's `ocpp`, which validates our answers against the official OCPP 1.6 schemas. Argument: the URL."""

import asyncio
import sys
from datetime import datetime, timedelta, timezone

import websockets
from ocpp.v16 import ChargePoint, call

NOW = datetime.now(timezone.utc).isoformat()
EARLIER = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()


async def main(url):
    async with websockets.connect(url, subprotocols=["ocpp1.6"]) as socket:
        assert socket.subprotocol == "ocpp1.6"
        point = ChargePoint(url.rsplit("/", 1)[1], socket)
        listener = asyncio.create_task(point.start())
        responses = 0

        async def send(request):
            nonlocal responses
            # suppress=False: a CALLERROR, or a response that breaks its schema, is an exception.
            answer = await point.call(request, suppress=False)
            assert answer is not None, request
            responses += 1
            return answer

        boot = await send(call.BootNotification(charge_point_model="M1", charge_point_vendor="ACME", firmware_version="1.2"))
        assert boot.status == "Accepted" and boot.interval == 300, boot
        await send(call.Heartbeat())
        await send(call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing", timestamp=NOW))
        tag = await send(call.Authorize(id_tag="A1B2C3"))
        assert tag.id_tag_info["status"] == "Accepted", tag
        start = await send(call.StartTransaction(connector_id=1, id_tag="A1B2C3", meter_start=500, timestamp=EARLIER))
        sampled = [
            {"value": "3000", "measurand": "Energy.Active.Import.Register", "unit": "Wh", "context": "Sample.Periodic"},
            {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"},
        ]
        await send(call.MeterValues(connector_id=1, transaction_id=start.transaction_id, meter_value=[{"timestamp": NOW, "sampled_value": sampled}]))
        stop = await send(call.StopTransaction(transaction_id=start.transaction_id, meter_stop=6000, timestamp=NOW, id_tag="A1B2C3", reason="Local"))
        assert stop.id_tag_info["status"] == "Accepted", stop
        await send(call.DataTransfer(vendor_id="ACME", message_id="x", data="y"))
        await send(call.DiagnosticsStatusNotification(status="Idle"))
        await send(call.FirmwareStatusNotification(status="Idle"))
        await send(call.LogStatusNotification(status="Idle", request_id=1))
        await send(call.SecurityEventNotification(type="StartupOfTheDevice", timestamp=NOW, tech_info="x"))
        await send(call.SignedFirmwareStatusNotification(status="Idle", request_id=1))
        await send(call.SignCertificate(csr="-----BEGIN CERTIFICATE REQUEST-----"))
        listener.cancel()
        print(f"{responses} actions, every answer valid")


asyncio.run(main(sys.argv[1]))
