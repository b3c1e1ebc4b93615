"""A client that compresses what it sends (RFC 7692). Argument: the URL."""

import asyncio
import sys

import websockets


async def main(url):
    async with websockets.connect(url, subprotocols=["ocpp1.6"]) as socket:
        names = [extension.name for extension in socket.protocol.extensions]
        assert names == ["permessage-deflate"], names
        for n in range(3):
            await socket.send(f'[2,"{n}","DataTransfer",{{"vendorId":"{"x" * 5000}"}}]')
            answer = await socket.recv()
            assert answer == f'[3,"{n}",{{"status":"UnknownVendorId"}}]', answer
        print("compressed, answered")


asyncio.run(main(sys.argv[1]))
