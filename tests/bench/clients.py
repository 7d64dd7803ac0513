"""What is measured against each other: the commands of attestrd's peers.

All ask for the same path of the same server with the headers that attestrd sends, over 64
connections that stay open. None but the script on aiohttp looks at the answer. wrk and hey ask for
one id for ever, curl counts through ids, aiohttp and attestrd go round through many.
"""

import pathlib

import harness
from programs import Process
from upstream import PATH

CONNECTIONS = 64
FOR_EVER_S = 3600

# Debian's own, which has Debian's aiohttp; another may come first in the path.
PYTHON = "/usr/bin/python3"


def headers(token):
    return {"Accept": "application/json", "Accept-Encoding": "identity",
            "Content-Type": "application/json", "Authorization": f"Basic {token}"}


def wrk(url, flags, _authority):
    return ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration",
            f"{FOR_EVER_S}s", *flags, f"{url}{PATH}{harness.make_ids(1)[0]}"]


def hey(url, flags, _authority):
    return ["hey", "-c", str(CONNECTIONS), "-z", f"{FOR_EVER_S}s", *flags,
            f"{url}{PATH}{harness.make_ids(1)[0]}"]


def aiohttp(url, flags, authority):
    script = pathlib.Path(__file__).with_name("aiohttp_client.py")
    return [PYTHON, script, url + PATH, str(CONNECTIONS), authority, *flags[1::2]]


def curl(url, flags, authority):
    return ["curl", "--silent", "--parallel", "--parallel-max", str(CONNECTIONS), "--cacert",
            authority, "--output", "/dev/null", *flags,
            f"{url}{PATH}DS02zfeuv6n4[100000000-999999999]"]


PEERS = {"wrk": wrk, "hey": hey, "aiohttp": aiohttp, "curl": curl}


def start_peer(name, place, upstream, under):
    flags = [part for key, value in headers(place.token).items()
             for part in ("-H", f"{key}: {value}")]
    command = PEERS[name](upstream.url, flags, place.authority.certificate)
    return place.start(Process(name, [*under, *command], place.folder))
