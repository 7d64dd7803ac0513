"""Starts the clients with which attestrd is compared.

All of them request the same path of the same server with the headers that attestrd sends, over 64
persistent connections. Only the script on aiohttp parses the answers. wrk and hey repeat one id,
curl counts ids up, and aiohttp and attestrd repeat a set of 5,000.
"""

import pathlib

import harness
from process_group import Process
from requirements import PYTHON, require
from upstream import PATH

CONNECTIONS = 64
DURATION_S = 3600  # Longer than any measurement.


def headers(token):
    return {"Accept": "application/json", "Accept-Encoding": "identity",
            "Content-Type": "application/json", "Authorization": f"Basic {token}"}


def wrk(url, flags, _authority):
    return ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration",
            f"{DURATION_S}s", *flags, f"{url}{PATH}{harness.make_ids(1)[0]}"]


def hey(url, flags, _authority):
    return ["hey", "-c", str(CONNECTIONS), "-z", f"{DURATION_S}s", *flags,
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
    """Starts a client. `under` is the command that runs it, such as taskset. Raises
    MissingProgram."""
    require(name)
    flags = [part for key, value in headers(place.token).items()
             for part in ("-H", f"{key}: {value}")]
    command = PEERS[name](upstream.url, flags, place.authority.certificate)
    return place.start(Process(name, [*under, *command], place.folder))
