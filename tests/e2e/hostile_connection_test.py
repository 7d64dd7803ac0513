"""Connections that hang, die or lie, at every stage; and what may be taken from one that is used
again."""

import harness
from hostile_alone import IDLE, Alone, AloneTest
from hostile_cases import head, message
from hostile_server import CLOSE, GOODBYE, HANG, RESET, Act

NO_TLS = "connect: host localhost: no TLS handshake in time"
CUT = "reset: the answer is incomplete"
LATE = "timeout: no complete answer in time"


def before_tls(then):
    """A greeting: nothing, though a client speaks."""
    def greet(connection):
        if then is not HANG:
            connection.hear()
        connection.end(then)
    return greet


def half_tls(then):
    """A greeting: the first half of the server's part of the TLS handshake."""
    def greet(connection):
        connection.stream.sendall(connection.answer_to_hello()[:300])
        connection.end(then)
    return greet


def after_tls(then):
    """A greeting: the TLS handshake, and then nothing for the request."""
    def greet(connection):
        connection.greet()
        connection.end(then)
    return greet


STAGES = [
    *(Alone(f"{name}-{when}", greetings=(greet(then),), says=(says,), connections=2)
      for when, greet in {"before-tls": before_tls, "within-tls": half_tls}.items()
      for name, then, says in (("silence", HANG, NO_TLS), ("close", CLOSE, "tls: host localhost"),
                               ("reset", RESET, "tls: host localhost"))),
    *(Alone(f"{name}-after-tls", greetings=(after_tls(then),), says=(says,), connections=2)
      for name, then, says in (("silence", HANG, LATE), ("close", CLOSE, CUT),
                               ("goodbye", GOODBYE, CUT), ("reset", RESET, CUT))),
    *(Alone(f"{name}-{when}", acts=(lambda w, d=data, t=then: Act(d(w), t),),
            says=(LATE if then is HANG else CUT,), connections=2)
      for when, data in {"after-request": lambda w: b"",
                         "in-status": lambda w: b"HTTP/1.1 2",
                         "in-head": lambda w: message(w.body)[:30],
                         "in-body": lambda w: message(w.body)[:-1]}.items()
      for name, then in (("silence", HANG), ("close", CLOSE), ("goodbye", GOODBYE),
                         ("reset", RESET))),
]


def pending(w):
    return Act(message(w.pending))


def idle(name, *acts, connections=2, says=()):
    """`pending` first, and then, on the same connection, these."""
    return Alone(name, acts=(pending, *acts), says=says, connections=connections, settings=IDLE)


def dies(then):
    return lambda w: Act(then=then)


REUSE = [
    idle("kept-alive", connections=1),
    *(idle(f"{name}-at-the-next-request", dies(then))  # asked once more, silently
      for name, then in (("close", CLOSE), ("goodbye", GOODBYE), ("reset", RESET))),
    idle("close-and-close-again", dies(CLOSE), dies(CLOSE), connections=3, says=(CUT,)),
    idle("close-once-begun", lambda w: Act(b"H", CLOSE), says=(CUT,)),
    idle("silence-at-the-next-request", dies(HANG), says=(LATE,)),
    *(Alone(f"{name}-after-the-answer", acts=(lambda w, t=then: Act(message(w.pending), t),),
            connections=2, settings=IDLE)
      for name, then in (("close", CLOSE), ("goodbye", GOODBYE), ("reset", RESET))),
    *(Alone(f"connection-{name}", acts=(lambda w, f=fields, v=version: Act(
        head(f"Content-Length: {len(w.pending)}", *f, line=f"{v} 200 OK") + w.pending),),
            connections=connections, settings=IDLE)
      for name, version, fields, connections in (
          ("close", "HTTP/1.1", ["Connection: close"], 2),
          ("close-in-capitals", "HTTP/1.1", ["CONNECTION: CLOSE"], 2),
          ("close-in-a-list", "HTTP/1.1", ["Connection: keep-alive, close"], 2),
          ("keep-alive", "HTTP/1.1", ["Connection: keep-alive", "Keep-Alive: timeout=60"], 1),
          ("of-http-1-0", "HTTP/1.0", [], 2),
          ("of-http-1-0-kept", "HTTP/1.0", ["Connection: keep-alive"], 1))),
    *(Alone(f"unsolicited-{name}", acts=(lambda w, b=blurt: Act(message(w.pending), blurt=b(w)),),
            connections=2, settings=IDLE)
      for name, blurt in {"answer": lambda w: message(w.body), "byte": lambda w: b"H",
                          "line": lambda w: b"\r\n",
                          "timeout": lambda w: message(b"", status="408 Request Timeout")}.items()),
]


class ConnectionTest(AloneTest):
    def test_stages(self):
        self.play_alone("stages", STAGES)

    def test_reuse(self):
        self.play_alone("reuse", REUSE)


if __name__ == "__main__":
    harness.main()
