"""A charge point that is connected to its operator through the tap. Argument: the URL."""

import asyncio
import sys
from datetime import datetime, timedelta, timezone

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

NOW = datetime.now(timezone.utc).isoformat()
EARLIER = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()


class Point(ChargePoint):
    configuration_requested = False

    @on("GetConfiguration")
    def configuration(self, **_):
        Point.configuration_requested = True
        return call_result.GetConfiguration(configuration_key=[{"key": "HeartbeatInterval", "readonly": False, "value": "60"}])


async def main(url):
    async with websockets.connect(url, subprotocols=["ocpp1.6"], compression=None) as socket:
        point = Point("CP1", socket)
        listener = asyncio.create_task(point.start())

        async def send(request):
            return await point.call(request, suppress=False)

        boot = await send(call.BootNotification(charge_point_model="M1", charge_point_vendor="ACME"))
        assert boot.interval == 60, boot
        await send(call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing", timestamp=NOW))
        start = await send(call.StartTransaction(connector_id=1, id_tag="A1B2C3", meter_start=500, timestamp=EARLIER))
        sampled = [{"value": "3000", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]
        meter = [{"timestamp": NOW, "sampled_value": sampled}]
        await send(call.MeterValues(connector_id=1, transaction_id=start.transaction_id, meter_value=meter))
        await send(call.StopTransaction(transaction_id=start.transaction_id, meter_stop=6000, timestamp=NOW, reason="Local"))
        pong = await socket.ping()
        await asyncio.wait_for(pong, 5)
        assert Point.configuration_requested, "the operator's own request came through"
        listener.cancel()
    print(f"5 answers, transaction {start.transaction_id}")


asyncio.run(main(sys.argv[1]))
