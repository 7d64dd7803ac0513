"""Servers that speak TLS badly, or not at all: no token goes to them, and the next connection is
tried."""

import dataclasses
import itertools
import os
import ssl
import warnings

import harness
import s_server
from authority import chained
from hostile_alone import IDLE, Alone, AloneTest
from hostile_cases import message
from hostile_server import CLOSE, HANG, Act, context_of, dripping

TLS = "tls: host localhost: "
ALERT = b"\x15\x03\x03\x00\x02\x02"   # fatal; the reason follows
WARNING = b"\x15\x03\x03\x00\x02\x01\x5a"  # user_canceled
HELLO_REQUEST = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"


def says(*pieces, then=CLOSE):
    """A greeting: these bytes instead of TLS, once the client has spoken."""
    def greet(connection):
        connection.hear()
        connection.perform(Act(itertools.chain(*pieces), then))
    return greet


def alone(name, says, greet, **more):
    return Alone(name, greetings=(greet,), says=(says,), connections=2, **more)


NO_TLS = [
    alone("http-instead", TLS + "wrong version number",
          says([message(b"{}", status="400 Bad Request")])),
    alone("http-2-instead", TLS, says([bytes.fromhex("000006040000000000000300000064")])),
    alone("ssh-instead", TLS, says([b"SSH-2.0-OpenSSH_9.2p1\r\n"])),
    alone("smtp-instead", TLS, says([b"220 mail.example ESMTP\r\n"])),
    alone("zeros-instead", TLS, says([bytes(100)])),
    alone("garbage-instead", TLS, says([bytes(range(255, 0, -1))])),
    alone("garbage-for-ever", TLS, says(itertools.repeat(bytes(range(255, 0, -1))))),
    alone("ssl-2-instead", TLS, says([b"\x80\x2e\x04\x00\x01\x00\x02" + bytes(40)])),
    alone("record-too-long", TLS, says([b"\x16\x03\x03\xff\xff" + bytes(0xffff)])),
    alone("record-empty", TLS, says(itertools.repeat(b"\x16\x03\x03\x00\x00", 100))),
    alone("data-before-tls", TLS, says([b"\x17\x03\x03\x00\x05hello"])),
    alone("message-of-16-mb", TLS, says([b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16380)])),
    alone("hello-request", TLS, says(itertools.repeat(HELLO_REQUEST, 1000))),
    alone("alert-at-once", TLS, says([ALERT + b"\x28"])),
    alone("alert-internal-error", TLS, says([ALERT + b"\x50"])),
    alone("alert-unknown", TLS, says([ALERT + b"\xfe"])),
    alone("alert-goodbye", TLS, says([b"\x15\x03\x03\x00\x02\x01\x00"])),
    alone("warnings-for-ever", TLS, says(itertools.repeat(WARNING))),
]


def hello_spoilt(connection):
    """A greeting: our part of the handshake, with one bit turned near its end."""
    data = bytearray(connection.answer_to_hello())
    data[-20] ^= 1
    connection.perform(Act(bytes(data), HANG))


def hello_and_alert(connection):
    connection.perform(Act(connection.answer_to_hello()[:127] + ALERT + b"\x28", CLOSE))


def hello_dripping(connection):
    connection.perform(Act(dripping(connection.answer_to_hello(), 0.05), HANG))


def raw_after_request(data):
    """A greeting: TLS, and then bytes that are not encrypted, where the answer should come."""
    def greet(connection):
        connection.greet()
        connection.hear_request()
        os.write(connection.stream.fileno(), data)
        connection.end(CLOSE)
    return greet


HALF_TLS = [
    alone("hello-spoilt", TLS, hello_spoilt),
    alone("hello-and-alert", TLS, hello_and_alert),
    alone("hello-dripping", "connect: host localhost: no TLS handshake in time", hello_dripping),
    alone("plain-answer-after-tls", "reset: the answer is incomplete",
          raw_after_request(message(b"{}"))),
    alone("plain-record-after-tls", "reset: the answer is incomplete",
          raw_after_request(b"\x17\x03\x03\x00\x20" + bytes(32))),
    alone("plain-alert-after-tls", "reset: the answer is incomplete",
          raw_after_request(ALERT + b"\x28")),
]


def weak(version=ssl.TLSVersion.MINIMUM_SUPPORTED, ciphers="ALL"):
    """Makes a context weaker than it should be."""
    def make(*certificate):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of them too
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


class TlsTest(AloneTest):
    def test_tls(self):
        self.play_alone("tls", [*self.certificates(), *self.chains(), *self.sessions(),
                                *self.weak(), *self.versions(), *NO_TLS, *HALF_TLS])

    def test_what_is_weak_is_taken_by_a_lax_client(self):
        certificate = self.authority.issue("weak")
        for name, make in WEAK.items():
            with self.subTest(name):
                self.assertTrue(takes_a_lax_client(make(*certificate)))

    def weak(self):
        certificate = self.authority.issue("weak")
        for name, make in WEAK.items():
            yield alone(name, TLS, greeted_by(make(*certificate)))

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
        yield alone("chain-of-300", TLS + "excessive message size",
                    greeted_by(chain(110, *tower[-1:] * 190)))

    def sessions(self):
        right, wrong = self.authority.issue("right"), self.authority.issue("wrong", "elsewhere")
        for name, version in (("resumed-in-tls-1-2", TLS_1_2), ("resumed-in-tls-1-3", TLS_1_3)):
            yield dataclasses.replace(
                distrusted(name, "hostname mismatch", None), connections=3,
                greetings=(greeted_up_to(version), greeted_anew_with(wrong),
                           greeted_anew_with(right)),
                acts=(lambda w: Act(message(w.pending), CLOSE),),
                settings={"api": {"connections": 1}})
        for name, command in (("renegotiation", "r"), ("renegotiation-with-certificate", "R")):
            yield alone(name, "reset: the answer is incomplete", s_server.commands(
                command, "tls1_2", *right, self.secret, "body"))
        yield Alone("new-keys", greetings=(s_server.commands(
            "K", "tls1_3", *right, self.secret, "pending"),), connections=2, settings=IDLE)


def greeted_by(context):
    return lambda connection: connection.greet(context)


def good(name, context):
    """A server that there is nothing to say against."""
    return Alone(name, greetings=(greeted_by(context),), connections=1)


def distrusted(name, says, context, depth=0):
    return Alone(name, greetings=(greeted_by(context),), depth=depth,
                 pauses=f"certificate: host localhost: {says}")


def greeted_up_to(version):
    def greet(connection):
        connection.context.maximum_version = version
        connection.greet()
    return greet


def greeted_anew_with(certificate):
    """A greeting: another certificate, but a session of before would be resumed."""
    def greet(connection):
        connection.context.load_cert_chain(*certificate)
        connection.greet()
    return greet


def takes_a_lax_client(context):
    """Whether one that is content with anything gets through: else nothing is shown by the case."""
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
