"""A charge point by Python's `ocpp`, which validates our requests against the official schemas. Arguments: version, URL.

It keeps the values written to it, and ends when no request has come for a while.
"""

import asyncio
import importlib
import sys

import ocpp
import websockets
from ocpp.routing import on

VERSION = sys.argv[1]
MODULE = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}[VERSION]
call = importlib.import_module(f"ocpp.{MODULE}.call")
result = importlib.import_module(f"ocpp.{MODULE}.call_result")
ChargePoint = importlib.import_module(f"ocpp.{MODULE}").ChargePoint
# The library answers a request that breaks its schema with a CALLERROR, without calling a handler: then one is missing from these.
received = []
values = {
    "MeterValuesSampledData": "Voltage",
    "MeterValueSampleInterval": "0",
    "SupportedFeatureProfiles": "Core,RemoteTrigger",
    "SampledDataCtrlr.TxUpdatedInterval": "0",
    "SampledDataCtrlr.TxUpdatedMeasurands": "Voltage",
}


def name(data):
    return f"{data['component']['name']}.{data['variable']['name']}"


class Provisioned(ChargePoint):
    @on("GetConfiguration")
    async def get_configuration(self, key=None):
        received.append("GetConfiguration")
        known = {name: value for name, value in values.items() if "." not in name and (not key or name in key)}
        return result.GetConfiguration(configuration_key=[{"key": name, "readonly": False, "value": value} for name, value in known.items()])

    @on("ChangeConfiguration")
    async def change_configuration(self, key, value):
        received.append("ChangeConfiguration")
        values[key] = value
        return result.ChangeConfiguration(status="Accepted")

    @on("TriggerMessage")
    async def trigger_message(self, **_):
        received.append("TriggerMessage")
        return result.TriggerMessage(status="Accepted")

    @on("GetVariables")
    async def get_variables(self, get_variable_data, **_):
        received.append("GetVariables")
        answer = []
        for variable in get_variable_data:
            known = values.get(name(variable))
            reference = {"component": variable["component"], "variable": variable["variable"]}
            answer.append({"attribute_status": "UnknownVariable", **reference} if known is None else {"attribute_status": "Accepted", "attribute_value": known, **reference})
        return result.GetVariables(get_variable_result=answer)

    @on("SetVariables")
    async def set_variables(self, set_variable_data, **_):
        received.append("SetVariables")
        for data in set_variable_data:
            values[name(data)] = data["attribute_value"]
        return result.SetVariables(
            set_variable_result=[{"attribute_status": "Accepted", "component": data["component"], "variable": data["variable"]} for data in set_variable_data]
        )

    @on("GetBaseReport")
    async def get_base_report(self, request_id, report_base, **_):
        received.append("GetBaseReport")
        asyncio.create_task(self.report(request_id))
        return result.GetBaseReport(status="Accepted")

    async def report(self, request_id):
        await asyncio.sleep(0.2)
        await self.call(call.NotifyReport(request_id=request_id, generated_at="2026-11-25T08:00:00Z", seq_no=0, tbc=False), suppress=False)


async def main(url):
    async with websockets.connect(url, subprotocols=[f"ocpp{VERSION}"]) as socket:
        assert socket.subprotocol == f"ocpp{VERSION}"
        point = Provisioned("CP1", socket)
        listener = asyncio.create_task(point.start())
        if VERSION == "1.6":
            boot = call.BootNotification(charge_point_model="M1", charge_point_vendor="ACME")
        else:
            boot = call.BootNotification(charging_station={"model": "M1", "vendor_name": "ACME"}, reason="PowerUp")
        await point.call(boot, suppress=False)
        last = -1
        await asyncio.sleep(6)
        while len(received) > last:
            last = len(received)
            await asyncio.sleep(7)
        listener.cancel()
    assert values["MeterValueSampleInterval" if VERSION == "1.6" else "SampledDataCtrlr.TxUpdatedInterval"] == "60", values
    print(f"OCPP {VERSION}: {' '.join(sorted(set(received)))}: every request valid")


asyncio.run(main(sys.argv[2]))
