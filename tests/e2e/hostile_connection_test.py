"""Tests connections that hang or end at every stage, and the bytes accepted from a reused one."""

import harness
from hostile_isolated import IDLE, IsolatedCase, IsolatedTest
from hostile_cases import head, message
from hostile_server import CLOSE, GOODBYE, HANG, RESET, Reply

NO_TLS = "connect: host localhost: no TLS handshake in time"
CUT = "reset: the answer is incomplete"
LATE = "timeout: no complete answer in time"


def before_tls(then):
    """Returns an opening that sends no bytes, whatever the client sends."""
    def opening(connection):
        if then is not HANG:
            connection.receive()
        connection.end(then)
    return opening


def half_tls(then):
    """Returns an opening that sends a part of the server's first flight of the TLS handshake."""
    def opening(connection):
        connection.stream.sendall(connection.answer_to_hello()[:300])
        connection.end(then)
    return opening


def after_tls(then):
    """Returns an opening that sends no bytes after the TLS handshake."""
    def opening(connection):
        connection.accept_tls()
        connection.end(then)
    return opening


STAGES = [
    *(IsolatedCase(f"{name}-{when}", openings=(opening(then),), errors=(error,), connections=2)
      for when, opening in {"before-tls": before_tls, "within-tls": half_tls}.items()
      for name, then, error in (("silence", HANG, NO_TLS), ("close", CLOSE, "tls: host localhost"),
                                ("reset", RESET, "tls: host localhost"))),
    *(IsolatedCase(f"{name}-after-tls", openings=(after_tls(then),), errors=(error,), connections=2)
      for name, then, error in (("silence", HANG, LATE), ("close", CLOSE, CUT),
                                ("goodbye", GOODBYE, CUT), ("reset", RESET, CUT))),
    *(IsolatedCase(f"{name}-{when}", replies=(lambda w, d=data, t=then: Reply(d(w), t),),
                   errors=(LATE if then is HANG else CUT,), connections=2)
      for when, data in {"after-request": lambda w: b"",
                         "in-status": lambda w: b"HTTP/1.1 2",
                         "in-head": lambda w: message(w.body)[:30],
                         "in-body": lambda w: message(w.body)[:-1]}.items()
      for name, then in (("silence", HANG), ("close", CLOSE), ("goodbye", GOODBYE),
                         ("reset", RESET))),
]


def pending(w):
    return Reply(message(w.pending))


def idle(name, *replies, connections=2, errors=()):
    """Returns a case with a pending answer, and then these replies on the same connection."""
    return IsolatedCase(name, replies=(pending, *replies), errors=errors,
                        connections=connections, settings=IDLE)


def dies(then):
    return lambda w: Reply(then=then)


REUSE = [
    idle("kept-alive", connections=1),
    *(idle(f"{name}-at-the-next-request", dies(then))  # repeated once, without an error
      for name, then in (("close", CLOSE), ("goodbye", GOODBYE), ("reset", RESET))),
    idle("close-and-close-again", dies(CLOSE), dies(CLOSE), connections=3, errors=(CUT,)),
    idle("close-once-begun", lambda w: Reply(b"H", CLOSE), errors=(CUT,)),
    idle("silence-at-the-next-request", dies(HANG), errors=(LATE,)),
    *(IsolatedCase(f"{name}-after-the-answer",
                   replies=(lambda w, t=then: Reply(message(w.pending), t),), connections=2,
                   settings=IDLE)
      for name, then in (("close", CLOSE), ("goodbye", GOODBYE), ("reset", RESET))),
    *(IsolatedCase(f"connection-{name}", replies=(lambda w, f=fields, v=version: Reply(
        head(f"Content-Length: {len(w.pending)}", *f, line=f"{v} 200 OK") + w.pending),),
                   connections=connections, settings=IDLE)
      for name, version, fields, connections in (
          ("close", "HTTP/1.1", ["Connection: close"], 2),
          ("close-in-capitals", "HTTP/1.1", ["CONNECTION: CLOSE"], 2),
          ("close-in-a-list", "HTTP/1.1", ["Connection: keep-alive, close"], 2),
          ("keep-alive", "HTTP/1.1", ["Connection: keep-alive", "Keep-Alive: timeout=60"], 1),
          ("of-http-1-0", "HTTP/1.0", [], 2),
          ("of-http-1-0-kept", "HTTP/1.0", ["Connection: keep-alive"], 1))),
    *(IsolatedCase(f"unsolicited-{name}", replies=(
        lambda w, b=unsolicited: Reply(message(w.pending), unsolicited=b(w)),),
                   connections=2, settings=IDLE)
      for name, unsolicited in {
          "answer": lambda w: message(w.body), "byte": lambda w: b"H", "line": lambda w: b"\r\n",
          "timeout": lambda w: message(b"", status="408 Request Timeout")}.items()),
]


class ConnectionTest(IsolatedTest):
    def test_stages(self):
        self.play_isolated("stages", STAGES)

    def test_reuse(self):
        self.play_isolated("reuse", REUSE)


if __name__ == "__main__":
    harness.main()
