"""Implements a hostile Attestr. It writes HTTP itself, so that any byte can be wrong."""

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
    """The server's action after it has sent the bytes of a reply."""
    KEEP = enum.auto()     # waits for the next request
    CLOSE = enum.auto()    # ends TCP without close_notify
    GOODBYE = enum.auto()  # sends close_notify, then ends TCP
    RESET = enum.auto()
    HANG = enum.auto()     # sends nothing more until the other side closes


KEEP, CLOSE, GOODBYE, RESET, HANG = Then


@dataclasses.dataclass(frozen=True)
class Reply:
    """The reply to one request."""
    data: object = b""  # bytes, or a possibly infinite iterable of bytes
    then: Then = KEEP
    unsolicited: bytes = b""  # sent after the answer without a request

    UNSOLICITED_AFTER = 0.1

    def pieces(self):
        return [self.data] if isinstance(self.data, bytes) else self.data


def dripping(data, gap):
    """Yields one byte at a time, with `gap` seconds between them."""
    for byte in data:
        yield bytes([byte])
        time.sleep(gap)


class Connection:
    """A connection, from its beginning to its end."""

    def __init__(self, raw, number, context):
        self.stream = raw  # the socket; after the TLS handshake the TLS stream
        self.context = context
        self.number = number
        self.received = b""   # all received bytes, decrypted
        self.asked = []    # the requested ids, in order
        self.server_name = None
        self.has_tls = False  # the TLS handshake is done
        self.is_resumed = None
        self.is_over = False

    def receive(self):
        """Returns bytes; no bytes at the end."""
        data = self.stream.recv(1 << 16)
        self.received += data
        return data

    def accept_tls(self, context=None):
        """Performs the ordinary TLS handshake."""
        context = context or self.context
        context.sni_callback = note_name
        self.stream = context.wrap_socket(self.stream, server_side=True,
                                          do_handshake_on_connect=False)
        self.stream.connection = self
        self.stream.do_handshake()
        self.is_resumed = self.stream.session_reused
        self.has_tls = True

    def answer_to_hello(self):
        """Returns the first flight of the server in the TLS handshake."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            hello = self.receive()
            if not hello:
                raise ConnectionError
            incoming.write(hello)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
        return outgoing.read()

    def receive_request(self):
        """Returns the id of the next request; None at the end."""
        rest = b""
        while b"\r\n\r\n" not in rest:
            data = self.receive()
            if not data:
                return None
            rest += data
        handshake = rest.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        self.asked.append(handshake)
        return handshake

    def send_reply(self, act):
        for piece in act.pieces():
            self.stream.sendall(piece)
        if act.unsolicited:
            time.sleep(act.UNSOLICITED_AFTER)
            if self.has_input():  # These bytes would answer the next request, which has arrived.
                return self.end(CLOSE)
            self.stream.sendall(act.unsolicited)
        if act.then is not KEEP:
            self.end(act.then)

    def has_input(self):
        """Returns whether there are bytes to receive."""
        return bool(self.stream.pending() or select.select([self.stream], [], [], 0)[0])

    def end(self, then):
        self.is_over = True
        if then is HANG:
            while self.receive():
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
    """Stores the server name of SNI."""
    stream.connection.server_name = name


class HostileServer:
    """A server on its own port, with a thread for each connection.

    `play(handshake, turn)` returns the Reply to a request; `turn` counts the requests for this
    handshake from 0. `openings` replace the TLS handshake of the first connections: each is called
    with a Connection, and either performs the handshake or ends the connection.
    """

    def __init__(self, context, play, openings=()):
        self.context = context
        self.play = play
        self.openings = openings
        self.connections = []
        self.faults = []  # errors of the server itself
        self.asked_at = collections.defaultdict(list)  # request times by handshake
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
                pass  # It has already ended.

    def turns(self, handshake):
        """Returns the number of requests for a handshake."""
        return len(self.asked_at[handshake])

    def _accept(self):
        while not self._is_closed:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                continue  # No connection within the timeout, or closed.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(raw, len(self.connections), self.context)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        number = connection.number
        opening = self.openings[number] if number < len(self.openings) else Connection.accept_tls
        try:
            opening(connection)
            while not connection.is_over and (handshake := connection.receive_request()):
                with self._lock:
                    turn = self.turns(handshake)
                    self.asked_at[handshake].append(time.monotonic())
                connection.send_reply(self.play(handshake, turn))
        except OSError:
            pass  # The other side has closed the connection, as most cases expect.
        except Exception as fault:
            self.faults.append(repr(fault))
        finally:
            connection.stream.close()
