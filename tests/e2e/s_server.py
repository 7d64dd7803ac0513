"""Runs `openssl s_server` behind a hostile server, for commands that Python's ssl lacks."""

import os
import re
import socket
import subprocess
import threading
import time

from hostile_cases import Forger, message
from hostile_server import CLOSE

# The output of -msg once a client has obeyed or refused. (It changes its keys with its next write.)
ANSWERED = {"r": b"<<< [^\n]*(Alert|ClientHello)", "R": b"<<< [^\n]*(Alert|ClientHello)",
            "K": b">>> [^\n]*(KeyUpdate)"}

running = set()  # Each server belongs to a thread of a hostile server.


def end_all():
    """Ends all servers at the end of a test: a thread that waits for its server would not end
    it."""
    for server in list(running):
        server.kill()
        server.wait()


def commands(command, version, certificate, key, secret, word):
    """Returns an opening: s_server reads the request, executes `command` (see its manual: `r` and
    `R` renegotiate, `K` changes the keys of both sides), waits for the reaction of the client, and
    sends the answer that is the attribute `word` of a Forger."""
    def opening(connection):
        server = subprocess.Popen(
            ["stdbuf", "-o0", "openssl", "s_server", f"-{version}", "-cert", certificate, "-key",
             key, "-accept", "127.0.0.1:0", "-naccept", "1", "-msg"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        running.add(server)
        with server:
            try:
                converse(connection, server)
            finally:
                server.kill()
                running.discard(server)
        connection.stream.shutdown(socket.SHUT_RDWR)
        connection.end(CLOSE)

    def converse(connection, server):
        port = int(read_until(server, rb"ACCEPT \S*:(\d+)"))
        join(connection, socket.create_connection(("127.0.0.1", port)))
        handshake = read_until(server, rb"GET \S*/(\S+) HTTP").decode()
        server.stdin.write(command.encode() + b"\n")
        read_until(server, ANSWERED[command])
        server.stdin.write(message(getattr(Forger(handshake, secret), word)))
        time.sleep(0.5)

    return opening


def read_until(server, pattern):
    """Waits until the output of the program matches, and returns the first group."""
    text = b""
    while not (found := re.search(pattern, text)):
        more = os.read(server.stdout.fileno(), 1 << 16)
        if not more:
            raise ConnectionError("s_server has ended")
        text += more
    return found.group(1)


def join(connection, inner):
    """Forwards bytes in both directions until one side ends."""
    def carry(receive, say):
        try:
            while data := receive():
                say(data)
        except OSError:
            pass  # One side has ended.
        inner.close()

    threading.Thread(target=carry, args=(connection.receive, inner.sendall), daemon=True).start()
    threading.Thread(target=carry, args=(lambda: inner.recv(1 << 16), connection.stream.sendall),
                     daemon=True).start()
