"""An Attestr that means harm. It speaks TLS and HTTP by hand, so that any byte can be wrong."""

import collections
import dataclasses
import enum
import select
import socket
import ssl
import struct
import threading
import time


class Then(enum.Enum):
    """What the server does once it has sent the bytes of an act."""
    KEEP = enum.auto()     # waits for the next request
    CLOSE = enum.auto()    # ends TCP, without TLS's goodbye
    GOODBYE = enum.auto()  # says TLS's goodbye, then ends TCP
    RESET = enum.auto()
    HANG = enum.auto()     # says nothing more until the other side leaves


KEEP, CLOSE, GOODBYE, RESET, HANG = Then


@dataclasses.dataclass(frozen=True)
class Act:
    """What one request gets."""
    data: object = b""  # bytes, or an iterable of bytes, which need not end
    then: Then = KEEP
    blurt: bytes = b""  # sent a while after the answer, when nobody asks

    BLURT_AFTER = 0.1

    def pieces(self):
        return [self.data] if isinstance(self.data, bytes) else self.data


def dripping(data, gap):
    """One byte at a time, with so many seconds between."""
    for byte in data:
        yield bytes([byte])
        time.sleep(gap)


class Connection:
    """One connection, from its first byte to its last."""

    def __init__(self, raw, number, context):
        self.stream = raw  # the socket; the TLS stream once that stands
        self.context = context
        self.number = number
        self.heard = b""   # all that came, decrypted where it was encrypted
        self.asked = []    # the ids, in their order
        self.server_name = None
        self.is_greeted = False  # the TLS handshake is done
        self.is_resumed = None
        self.is_over = False

    def hear(self):
        """Bytes; none at the end."""
        data = self.stream.recv(1 << 16)
        self.heard += data
        return data

    def greet(self, context=None):
        """The ordinary TLS handshake."""
        context = context or self.context
        context.sni_callback = note_name
        self.stream = context.wrap_socket(self.stream, server_side=True,
                                          do_handshake_on_connect=False)
        self.stream.connection = self
        self.stream.do_handshake()
        self.is_resumed = self.stream.session_reused
        self.is_greeted = True

    def answer_to_hello(self):
        """What the server would say in the TLS handshake that the client begins."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            hello = self.hear()
            if not hello:
                raise ConnectionError
            incoming.write(hello)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
        return outgoing.read()

    def hear_request(self):
        """The id that the next request asks for; None at the end."""
        rest = b""
        while b"\r\n\r\n" not in rest:
            data = self.hear()
            if not data:
                return None
            rest += data
        handshake = rest.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        self.asked.append(handshake)
        return handshake

    def perform(self, act):
        for piece in act.pieces():
            self.stream.sendall(piece)
        if act.blurt:
            time.sleep(act.BLURT_AFTER)
            if self.is_heard():  # this machine is slow: it would be the answer to the next request
                return self.end(CLOSE)
            self.stream.sendall(act.blurt)
        if act.then is not KEEP:
            self.end(act.then)

    def is_heard(self):
        """Whether there is something to hear."""
        return bool(self.stream.pending() or select.select([self.stream], [], [], 0)[0])

    def end(self, then):
        self.is_over = True
        if then is HANG:
            while self.hear():
                pass
        elif then is GOODBYE:
            self.stream.settimeout(1)
            self.stream.unwrap()
        elif then is RESET:
            self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def context_of(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def note_name(stream, name, _):
    """What SNI says."""
    stream.connection.server_name = name


class HostileServer:
    """A server on a port of its own, with a thread a connection.

    `play(handshake, turn)` gives the Act for a request, `turn` counting those for this handshake
    from 0. `greetings` stand in for the TLS handshake of the first connections: each takes a
    Connection, and either greets it or ends it.
    """

    def __init__(self, context, play, greetings=()):
        self.context = context
        self.play = play
        self.greetings = greetings
        self.connections = []
        self.faults = []  # of the server itself
        self.asked_at = collections.defaultdict(list)  # the moments of each handshake's requests
        self._lock = threading.Lock()
        self._is_closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._is_closed = True
        self._listener.close()
        for connection in self.connections:
            try:
                connection.stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended before

    def turns(self, handshake):
        """How often it was asked for."""
        return len(self.asked_at[handshake])

    def _accept(self):
        while not self._is_closed:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                continue  # nobody came, or it is closed
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(raw, len(self.connections), self.context)
            self.connections.append(connection)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        number = connection.number
        greet = self.greetings[number] if number < len(self.greetings) else Connection.greet
        try:
            greet(connection)
            while not connection.is_over and (handshake := connection.hear_request()):
                with self._lock:
                    turn = self.turns(handshake)
                    self.asked_at[handshake].append(time.monotonic())
                connection.perform(self.play(handshake, turn))
        except OSError:
            pass  # the other side has left, which is what most of this is about
        except Exception as fault:
            self.faults.append(repr(fault))
        finally:
            connection.stream.close()
