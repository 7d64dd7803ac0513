"""Tests answers with another status than 200: no result, and no end except "not found"."""

import harness
from hostile_cases import accepted, error, held, message, not_found, refused, waits
from hostile_shared import SharedDaemonTest
from hostile_server import Reply

def status(number, body=b"<html>h4rm-4711</html>", *fields):
    """Returns an answer with this status."""
    return lambda w: Reply(message(body, *fields, status=f"{number} x"))


STATUSES = [
    *(refused(f"status-{number}", "unexpected_status",
              lambda w, n=number: Reply(message(w.body, status=f"{n} x")))
      for number in (201, 202, 205, 206, 207, 226, 299, 300, 305, 400, 405, 406, 407, 408,
                     409, 410, 411, 412, 413, 414, 415, 416, 418, 421, 422, 423, 425, 426, 428,
                     431, 451, 499)),
    *(refused(f"status-{number}", "server_error",
              lambda w, n=number: Reply(message(w.body, status=f"{n} x")))
      for number in (500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599)),
    *(refused(f"server-error-with-{number}", "server_error", status(500, error(number)))
      for number in (4001, 4002, 4005, 4016, 4293)),
    *(refused(f"code-{name}", "unexpected_status", status(400, body))
      for name, body in {
          "unknown": error(4999), "0": error(0), "negative": error(-4001), "null": error(None),
          "fraction": error(4001.5), "array": error([4001]),
          "huge": b'{"code": %s}' % (b"9" * 30),
          "exponent": b'{"code": 4001e0}', "twice": b'{"code": 4001, "code": 4001}',
          "nested": b'{"error": {"code": 4001}}', "not-json": error(4001)[:-1],
          "in-capitals": b'{"CODE": 4001}', "text-and-more": error("4001 ")}.items()),
    not_found("unknown-400-4001", status(400, error(4001))),
    not_found("unknown-400-4002", status(400, error(4002))),
    not_found("unknown-400-text", status(400, error("4002"))),
    not_found("unknown-404-4002", status(404, error(4002))),
    waits("unknown-at-first-400", status(400, error(4002))),
    waits("unknown-at-first-404", status(404, error(4002))),
    *(refused(f"404-{name}", "server_error", status(404, body))
      for name, body in {"html": b"<html>h4rm-4711</html>", "4999": error(4999),
                         "not-json": error(4002)[:-1]}.items()),
]


def redirects(port):
    """Yields redirects to a trusted server that is not Attestr, and to other places."""
    path = "/api/v1/public/flowx/handshake/bystander-0"
    places = {"http": f"http://localhost:{port}/", "no-scheme": f"//localhost:{port}{path}",
              "with-password": f"https://a:b@localhost:{port}/", "other-path": path,
              "file": "file:///etc/passwd", "nowhere": ""}
    for number in (201, 300, 301, 302, 303, 305, 307, 308):
        yield redirected(str(number), number, f"https://localhost:{port}{path}")
    for name, place in places.items():
        yield redirected(f"to-{name}", 302, place)
    for name, field in {"refresh": f"Refresh: 0; url=https://localhost:{port}/",
                        "location": f"Location: https://localhost:{port}/",
                        "alternative": f'Alt-Svc: h2="localhost:{port}"; ma=86400',
                        "link": f"Link: <https://localhost:{port}/>; rel=preload"}.items():
        yield accepted(f"with-{name}", lambda w, f=field: Reply(message(w.body, f)))


def redirected(name, number, place):
    return refused(f"redirect-{name}", "unexpected_status", lambda w: Reply(
        message(w.body, f"Location: {place}", status=f"{number} x")))


def busy(name, gap_s, *fields):
    """Returns the case of a 503 with Retry-After: the handshake must not be polled before that
    time."""
    return refused(f"busy-{name}", "server_error", status(503, b"", *fields), gap_s=gap_s)


BUSY = [
    busy("2", 2, "Retry-After: 2"),
    busy("date", 2, "Retry-After: Tue, 24 Nov 2026 12:00:02 GMT",
         "Date: Tue, 24 Nov 2026 12:00:00 GMT"),
    busy("0", 0, "Retry-After: 0"),
    busy("garbage", 0, "Retry-After: never"),
    held("busy-for-ever", "server_error", status(503, b"", "Retry-After: 99999999999999999999")),
    held("busy-until-9999", "server_error",
         status(500, b"", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT")),
]


class StatusTest(SharedDaemonTest):
    def test_statuses(self):
        self.play("statuses", STATUSES + BUSY)

    def test_redirects(self):
        other_server = self.start_hostile(lambda handshake, turn: Reply(message(b"{}")))
        self.play("redirects", list(redirects(other_server.port)))
        self.assertEqual(other_server.connections, [])


if __name__ == "__main__":
    harness.main()
