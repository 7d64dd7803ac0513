"""`openssl s_server` behind a connection of a hostile server: it does what Python's ssl can't."""

import os
import re
import socket
import subprocess
import threading
import time

from hostile_cases import Forger, message
from hostile_server import CLOSE

# What -msg shows once a client has obeyed or refused. (It changes its keys when it speaks next.)
ANSWERED = {"r": b"<<< [^\n]*(Alert|ClientHello)", "R": b"<<< [^\n]*(Alert|ClientHello)",
            "K": b">>> [^\n]*(KeyUpdate)"}


def commands(command, version, certificate, key, secret, word):
    """A greeting: s_server takes the request, obeys `command` (as in its manual: `r` and `R`
    renegotiate, `K` has both sides change their keys), waits for what the client makes of it, and
    gives the answer that `word` names in a Forger."""
    def greet(connection):
        server = subprocess.Popen(
            ["stdbuf", "-o0", "openssl", "s_server", f"-{version}", "-cert", certificate, "-key",
             key, "-accept", "127.0.0.1:0", "-naccept", "1", "-msg"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        with server:
            try:
                converse(connection, server)
            finally:
                server.kill()
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

    return greet


def read_until(server, pattern):
    """Waits for this in what the program says, and returns its group."""
    text = b""
    while not (found := re.search(pattern, text)):
        more = os.read(server.stdout.fileno(), 1 << 16)
        if not more:
            raise ConnectionError("s_server has ended")
        text += more
    return found.group(1)


def join(connection, inner):
    """What comes from one goes to the other, until one of them ends."""
    def carry(hear, say):
        try:
            while data := hear():
                say(data)
        except OSError:
            pass  # one of them has ended
        inner.close()

    threading.Thread(target=carry, args=(connection.hear, inner.sendall), daemon=True).start()
    threading.Thread(target=carry, args=(lambda: inner.recv(1 << 16), connection.stream.sendall),
                     daemon=True).start()
