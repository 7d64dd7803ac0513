"""Tests servers with bad TLS or none: no token is sent, and the daemon tries the next
connection."""

import dataclasses
import itertools
import os
import ssl
import warnings

import harness
import s_server
from authority import chained
from hostile_isolated import IDLE, IsolatedCase, IsolatedTest
from hostile_cases import message
from hostile_server import CLOSE, HANG, Reply, context_of, dripping

TLS = "tls: host localhost: "
ALERT = b"\x15\x03\x03\x00\x02\x02"   # fatal; the reason follows
WARNING = b"\x15\x03\x03\x00\x02\x01\x5a"  # user_canceled
HELLO_REQUEST = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"


def sends(*pieces, then=CLOSE):
    """Returns an opening with these bytes instead of TLS, after the first bytes of the client."""
    def opening(connection):
        connection.receive()
        connection.send_reply(Reply(itertools.chain(*pieces), then))
    return opening


def case(name, error, opening, **more):
    return IsolatedCase(name, openings=(opening,), errors=(error,), connections=2, **more)


NO_TLS = [
    case("http-instead", TLS + "wrong version number",
          sends([message(b"{}", status="400 Bad Request")])),
    case("http-2-instead", TLS, sends([bytes.fromhex("000006040000000000000300000064")])),
    case("ssh-instead", TLS, sends([b"SSH-2.0-OpenSSH_9.2p1\r\n"])),
    case("smtp-instead", TLS, sends([b"220 mail.example ESMTP\r\n"])),
    case("zeros-instead", TLS, sends([bytes(100)])),
    case("garbage-instead", TLS, sends([bytes(range(255, 0, -1))])),
    case("garbage-for-ever", TLS, sends(itertools.repeat(bytes(range(255, 0, -1))))),
    case("ssl-2-instead", TLS, sends([b"\x80\x2e\x04\x00\x01\x00\x02" + bytes(40)])),
    case("record-too-long", TLS, sends([b"\x16\x03\x03\xff\xff" + bytes(0xffff)])),
    case("record-empty", TLS, sends(itertools.repeat(b"\x16\x03\x03\x00\x00", 100))),
    case("data-before-tls", TLS, sends([b"\x17\x03\x03\x00\x05hello"])),
    case("message-of-16-mb", TLS, sends([b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16380)])),
    case("hello-request", TLS, sends(itertools.repeat(HELLO_REQUEST, 1000))),
    case("alert-at-once", TLS, sends([ALERT + b"\x28"])),
    case("alert-internal-error", TLS, sends([ALERT + b"\x50"])),
    case("alert-unknown", TLS, sends([ALERT + b"\xfe"])),
    case("alert-goodbye", TLS, sends([b"\x15\x03\x03\x00\x02\x01\x00"])),
    case("warnings-for-ever", TLS, sends(itertools.repeat(WARNING))),
]


def hello_spoilt(connection):
    """Performs an opening: the first flight of the server with one wrong bit near its end."""
    data = bytearray(connection.answer_to_hello())
    data[-20] ^= 1
    connection.send_reply(Reply(bytes(data), HANG))


def hello_and_alert(connection):
    connection.send_reply(Reply(connection.answer_to_hello()[:127] + ALERT + b"\x28", CLOSE))


def hello_dripping(connection):
    connection.send_reply(Reply(dripping(connection.answer_to_hello(), 0.05), HANG))


def raw_after_request(data):
    """Returns an opening that sends bytes without encryption after the TLS handshake, in place of
    the answer."""
    def opening(connection):
        connection.accept_tls()
        connection.receive_request()
        os.write(connection.stream.fileno(), data)
        connection.end(CLOSE)
    return opening


HALF_TLS = [
    case("hello-spoilt", TLS, hello_spoilt),
    case("hello-and-alert", TLS, hello_and_alert),
    case("hello-dripping", "connect: host localhost: no TLS handshake in time", hello_dripping),
    case("plain-answer-after-tls", "reset: the answer is incomplete",
          raw_after_request(message(b"{}"))),
    case("plain-record-after-tls", "reset: the answer is incomplete",
          raw_after_request(b"\x17\x03\x03\x00\x20" + bytes(32))),
    case("plain-alert-after-tls", "reset: the answer is incomplete",
          raw_after_request(ALERT + b"\x28")),
]


def weak(version=ssl.TLSVersion.MINIMUM_SUPPORTED, ciphers="ALL"):
    """Returns a function that makes a context with weak settings."""
    def make(*certificate):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns about them.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = version
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        context.load_cert_chain(*certificate)
        return context
    return make


TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

WEAK = {
    "tls-1-0-only": weak(ssl.TLSVersion.TLSv1),
    "tls-1-1-only": weak(ssl.TLSVersion.TLSv1_1),
    "no-certificate": weak(TLS_1_2, "aNULL:!eNULL"),
    "no-encryption": weak(TLS_1_2, "eNULL:!aNULL"),
    "neither": weak(TLS_1_2, "aNULL+eNULL"),
}


class TlsTest(IsolatedTest):
    def test_tls(self):
        self.play_isolated("tls", [*self.certificates(), *self.chains(), *self.sessions(),
                                   *self.weak(), *self.versions(), *NO_TLS, *HALF_TLS])

    def test_lax_client_accepts_weak_servers(self):
        certificate = self.authority.issue("weak")
        for name, make in WEAK.items():
            with self.subTest(name):
                self.assertTrue(accepts_lax_client(make(*certificate)))

    def weak(self):
        certificate = self.authority.issue("weak")
        for name, make in WEAK.items():
            yield case(name, TLS, with_context(make(*certificate)))

    def versions(self):
        certificate = self.authority.issue("right")
        for name, version in (("tls-1-2-only", TLS_1_2), ("tls-1-3-only", TLS_1_3)):
            context = context_of(*certificate)
            context.minimum_version = context.maximum_version = version
            yield good(name, context)

    def certificates(self):
        small = self.authority.issue("small", key_type=("rsa:1024",))
        yield distrusted("rsa-1024", "EE certificate key too weak", weak(TLS_1_2)(*small))
        old = self.authority.issue("sha-1", digest="sha1")
        yield distrusted("sha-1", "CA signature digest algorithm too weak", weak(TLS_1_2)(*old))

    def chains(self):
        tower = [self.authority]
        while len(tower) < 111:
            tower.append(tower[-1].subordinate(f"storey-{len(tower)}"))

        def chain(height, *more):
            certificate, key = tower[height].issue(f"on-{height}")
            return context_of(chained(certificate, *more, *tower[height:0:-1]), key)

        yield good("chain-of-100", chain(99))
        yield good("chain-with-junk", chain(0, *tower[50:]))
        yield distrusted("chain-of-111", "certificate chain too long", chain(110), depth=101)
        yield case("chain-of-300", TLS + "excessive message size",
                    with_context(chain(110, *tower[-1:] * 190)))

    def sessions(self):
        self.addCleanup(s_server.end_all)
        right, wrong = self.authority.issue("right"), self.authority.issue("wrong", "elsewhere")
        for name, version in (("resumed-in-tls-1-2", TLS_1_2), ("resumed-in-tls-1-3", TLS_1_3)):
            # The good answer just before shows that the trouble is not that of the account.
            yield IsolatedCase(
                name, errors=("certificate: host localhost: hostname mismatch",), connections=3,
                openings=(with_maximum(version), with_new_certificate(wrong),
                          with_new_certificate(right)),
                replies=(lambda w: Reply(message(w.pending), CLOSE),),
                settings={"api": {"connections": 1}})
        for name, command in (("renegotiation", "r"), ("renegotiation-with-certificate", "R")):
            yield case(name, "reset: the answer is incomplete", s_server.commands(
                command, "tls1_2", *right, self.secret, "body"))
        yield IsolatedCase("new-keys", openings=(s_server.commands(
            "K", "tls1_3", *right, self.secret, "pending"),), connections=2, settings=IDLE)


def with_context(context):
    return lambda connection: connection.accept_tls(context)


def good(name, context):
    """Returns the case of a server with a valid configuration."""
    return IsolatedCase(name, openings=(with_context(context),), connections=1)


def distrusted(name, error, context, depth=0):
    return IsolatedCase(name, openings=(with_context(context),), depth=depth,
                        pauses=f"certificate: host localhost: {error}")


def with_maximum(version):
    def opening(connection):
        connection.context.maximum_version = version
        connection.accept_tls()
    return opening


def with_new_certificate(certificate):
    """Returns an opening with another certificate, while the session of an earlier one could be
    resumed."""
    def opening(connection):
        connection.context.load_cert_chain(*certificate)
        connection.accept_tls()
    return opening


def accepts_lax_client(context):
    """Returns whether a client without any checks can connect: otherwise the case would prove
    nothing."""
    lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lax.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
    lax.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = lax.wrap_bio(to_client, to_server)
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    return client.version() is not None


if __name__ == "__main__":
    harness.main()
