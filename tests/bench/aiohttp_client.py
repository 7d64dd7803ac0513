"""The usual client in Python: each task has a connection, requests, parses, and repeats.

    aiohttp_client.py URL CONNECTIONS CA_FILE 'Header: value'...
"""

import asyncio
import itertools
import json
import ssl
import sys

import aiohttp

IDS = 5000


async def ask(session, url, numbers):
    for number in numbers:
        handshake = f"DS02zfeuv6n4g{number % IDS:08}"
        async with session.get(url + handshake) as reply:
            answer = json.loads(await reply.read())
        if reply.status != 200 or answer["_id"] != handshake or answer["consumed"]:
            raise RuntimeError(f"{reply.status} {answer}")


async def main(url, connections, authority, *headers):
    numbers = itertools.count()  # Shared by all tasks.
    connector = aiohttp.TCPConnector(limit=connections,
                                     ssl=ssl.create_default_context(cafile=authority))
    named = dict(header.split(": ", 1) for header in headers)
    async with aiohttp.ClientSession(connector=connector, headers=named) as session:
        await asyncio.gather(*(ask(session, url, numbers) for _ in range(connections)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
