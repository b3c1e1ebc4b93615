"""An operator's central system by Python's `ocpp`, which validates what charge points send. Arguments: port, [certificate, key].

It offers ocpp1.6 and ocpp2.0.1, requires the password `secret` if an identity begins with LOCKED, and answers StartTransaction with
transaction ids from 9001. It requests the configuration of each charge point once, and prints what it receives.
"""

import asyncio
import http
import ssl
import sys
from datetime import datetime, timezone

import websockets
from ocpp.routing import after, on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call, call_result
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as call_result_201
from websockets.asyncio.server import serve


def now():
    return datetime.now(timezone.utc).isoformat()


class Point16(ChargePoint16):
    transactions = 9000

    @on("BootNotification")
    def boot(self, **_):
        return call_result.BootNotification(current_time=now(), interval=60, status="Accepted")

    @after("BootNotification")
    async def request_configuration(self, **_):
        answer = await self.call(call.GetConfiguration())
        print("configuration", answer, flush=True)

    @on("Heartbeat")
    def heartbeat(self):
        return call_result.Heartbeat(current_time=now())

    @on("StatusNotification")
    def status(self, **_):
        return call_result.StatusNotification()

    @on("Authorize")
    def authorize(self, **_):
        return call_result.Authorize(id_tag_info={"status": "Accepted"})

    @on("StartTransaction")
    def start_transaction(self, **_):
        Point16.transactions += 1
        return call_result.StartTransaction(transaction_id=Point16.transactions, id_tag_info={"status": "Accepted"})

    @on("MeterValues")
    def meter_values(self, **_):
        return call_result.MeterValues()

    @on("StopTransaction")
    def stop(self, **_):
        return call_result.StopTransaction()


class Point201(ChargePoint201):
    @on("BootNotification")
    def boot(self, **_):
        return call_result_201.BootNotification(current_time=now(), interval=60, status="Accepted")

    @on("TransactionEvent")
    def transaction(self, **_):
        return call_result_201.TransactionEvent()

    @on("StatusNotification")
    def status(self, **_):
        return call_result_201.StatusNotification()


async def serve_point(socket):
    print("path", socket.request.path, socket.subprotocol, socket.request.headers.get("User-Agent"), flush=True)
    kind = Point201 if socket.subprotocol == "ocpp2.0.1" else Point16
    try:
        await kind(socket.request.path, socket).start()
    except websockets.ConnectionClosed as closed:
        print("closed", closed.rcvd and closed.rcvd.code, flush=True)


def process_request(connection, request):
    if "LOCKED" in request.path and request.headers.get("Authorization") != "Basic TE9DS0VEOnNlY3JldA==":
        response = connection.respond(http.HTTPStatus.UNAUTHORIZED, "the operator does not know you\n")
        response.headers["WWW-Authenticate"] = 'Basic realm="operator"'
        return response
    return None


async def main(port, *files):
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    async with serve(serve_point, "127.0.0.1", int(port), subprotocols=["ocpp2.0.1", "ocpp1.6"], process_request=process_request, ssl=context):
        print("ready", flush=True)
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
