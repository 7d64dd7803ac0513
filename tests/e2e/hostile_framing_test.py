"""Tests answers with bad framing: each is refused as a whole, its connection is closed, and the
daemon polls again. Some are unusual and valid: those are accepted."""

import itertools

import harness
from hostile_cases import LAST_CHUNK, accepted, chunk, head, message, refused, waits
from hostile_shared import SharedDaemonTest
from hostile_server import CLOSE, GOODBYE, HANG, RESET, Reply, dripping

CHUNKED = "Transfer-Encoding: chunked"
CUT = "reset: the answer is incomplete"
GRAMMAR = "breaks the grammar of HTTP/1.1"
TOO_LARGE_HEAD = "too_large: the answer is refused: its header section is too large"
TOO_LARGE_LINE = "too_large: the answer is refused: the line of a chunk or its trailer is too"


def length(w):
    return f"Content-Length: {len(w.body)}"


def said(w, text):
    """Returns an answer with this text as its length."""
    return head("Content-Length: " + text.format(n=len(w.body))) + w.body


def fields(w, *more):
    """Returns a good answer with more header fields."""
    return message(w.body, *more)


def line(w, text):
    """Returns a good answer with another status line."""
    return head(length(w), line=text) + w.body


def chunks(w, *before_end, fields=(CHUNKED,), line="HTTP/1.1 200 OK", end=LAST_CHUNK):
    """Returns an answer in one chunk."""
    return head(*fields, line=line) + chunk(w.body) + b"".join(before_end) + end


def smuggled(w, victim):
    """Returns a pending answer, and after it an answer for another handshake on the same
    connection."""
    return message(w.pending) + message(w.of(victim).body)


LENGTH = [
    refused("no-length", CUT, lambda w: Reply(head() + w.body, CLOSE)),
    refused("no-length-cut", CUT, lambda w: Reply(head() + w.body[:-9], CLOSE)),
    refused("no-length-reset", CUT, lambda w: Reply(head() + w.body, RESET)),
    accepted("no-length-goodbye", lambda w: Reply(head() + w.body, GOODBYE)),
    accepted("no-length-will-close",
             lambda w: Reply(head("Connection: close") + w.body, GOODBYE)),
    accepted("no-length-in-http-1-0",
             lambda w: Reply(head(line="HTTP/1.0 200 OK") + w.body, GOODBYE)),
    refused("no-length-too-large", "too_large: the answer is refused: its body",
            lambda w: Reply(itertools.chain([head()], itertools.repeat(b"x" * 9999)))),
    accepted("length-twice-same", lambda w: fields(w, length(w))),
    accepted("length-list-same", lambda w: said(w, "{n}, {n}")),
    refused("length-twice-other", GRAMMAR, lambda w: fields(w, "Content-Length: 5")),
    refused("length-list-other", GRAMMAR, lambda w: said(w, "{n}, 5")),
    *(refused(f"length-{name}", GRAMMAR, lambda w, t=text: said(w, t))
      for name, text in {"negative": "-{n}", "plus": "+{n}", "hex": "0x{n:x}", "float": "{n}.0",
                         "exponent": "{n}e0", "empty": "", "two-words": "{n} 0", "text": "all",
                         "semicolon": "{n};", "quoted": '"{n}"', "nul-behind": "{n}\0",
                         "over-64-bits": str(1 << 64), "huge": "9" * 40}.items()),
    refused("length-most-of-64-bits", "too_large: the answer is refused: its body",
            lambda w: said(w, str((1 << 64) - 1))),
    accepted("length-with-zeros", lambda w: said(w, "000{n}")),
    accepted("length-with-spaces-around", lambda w: said(w, "\t {n} \t")),
    refused("cut-in-body", CUT,
            lambda w: Reply(message(w.body)[:-9], CLOSE)),
    refused("cut-in-body-goodbye", CUT,
            lambda w: Reply(message(w.body)[:-9], GOODBYE)),
    refused("cut-in-head", CUT,
            lambda w: Reply(head(length(w))[:-4], CLOSE)),
    refused("reset-in-head", CUT,
            lambda w: Reply(head(length(w))[:-4], RESET)),
    refused("reset-in-body", CUT,
            lambda w: Reply(message(w.body)[:-9], RESET)),
]

CODINGS = [
    refused("length-and-chunked", GRAMMAR, lambda w: chunks(w, fields=(length(w), CHUNKED))),
    refused("chunked-and-length", GRAMMAR, lambda w: chunks(w, fields=(CHUNKED, length(w)))),
    *(refused(f"coding-{name}", "Transfer-Encoding is not just chunked",
              lambda w, v=value: chunks(w, fields=(f"Transfer-Encoding: {v}",)))
      for name, value in {"gzip": "gzip", "gzip-chunked": "gzip, chunked", "empty": "",
                          "twice": "chunked, chunked", "unknown": "xchunked",
                          "identity": "identity", "parameter": "chunked;q=1",
                          "quoted": '"chunked"', "chunked-gzip": "chunked, gzip"}.items()),
    refused("coding-in-two-fields", GRAMMAR,
            lambda w: chunks(w, fields=(CHUNKED, CHUNKED))),
    refused("coding-gzip-with-length", GRAMMAR,
            lambda w: fields(w, "Transfer-Encoding: gzip")),
    refused("coding-space-before-colon", GRAMMAR,
            lambda w: chunks(w, fields=("Transfer-Encoding : chunked",))),
    refused("chunked-in-http-1-0", "Transfer-Encoding contradicts",
            lambda w: chunks(w, line="HTTP/1.0 200 OK")),
    *(accepted(f"coding-{name}", lambda w, v=value: chunks(w, fields=(f"Transfer-Encoding: {v}",)))
      for name, value in {"after-a-comma": ", chunked", "before-a-comma": "chunked ,"}.items()),
    accepted("coding-in-capitals", lambda w: chunks(w, fields=("TRANSFER-ENCODING:  CHUNKED ",))),
]

CHUNKS = [
    *(refused(f"chunk-{name}", GRAMMAR,
              lambda w, s=size: head(CHUNKED) + s + w.body + b"\r\n" + LAST_CHUNK)
      for name, size in {"overflow": b"1" + 16 * b"0" + b"\r\n", "negative": b"-1\r\n",
                         "plus": b"+5\r\n", "space-before": b" 5\r\n", "hex-prefix": b"0x5\r\n",
                         "no-size": b"\r\n", "bare-line-feed": b"5\n", "text": b"size\r\n",
                         "two-sizes": b"5 5\r\n"}.items()),
    refused("chunk-too-large", "too_large: the answer is refused: its body",
            lambda w: head(CHUNKED) + b"f" * 16 + b"\r\n" + w.body),
    refused("chunk-shorter-than-said", GRAMMAR,
            lambda w: head(CHUNKED) + b"5\r\n" + w.body + b"\r\n" + LAST_CHUNK),
    refused("chunk-extension-for-ever", TOO_LARGE_LINE,
            lambda w: Reply(itertools.chain([head(CHUNKED), b"5;"], itertools.repeat(b"x" * 999)))),
    refused("chunk-extension-huge", TOO_LARGE_LINE,
            lambda w: head(CHUNKED) + b"5;" + b"x" * 20_000 + b"\r\n" + w.body),
    accepted("chunk-extension", lambda w: head(CHUNKED) + b"%x;a=b;c=\"d\"\r\n%b\r\n0;e\r\n\r\n" % (
        len(w.body), w.body)),
    accepted("chunks-of-one-byte",
          lambda w: head(CHUNKED) + b"".join(chunk(bytes([b])) for b in w.body) + LAST_CHUNK),
    accepted("chunk-size-with-zeros",
          lambda w: head(CHUNKED) + b"0000" + chunk(w.body) + b"000" + LAST_CHUNK),
    refused("cut-in-chunk", "reset", lambda w: Reply(head(CHUNKED) + chunk(w.body)[:-9], CLOSE)),
    refused("cut-before-last-chunk", "reset", lambda w: Reply(chunks(w, end=b""), GOODBYE)),
    refused("cut-in-last-chunk", "reset", lambda w: Reply(chunks(w)[:-2], GOODBYE)),
    refused("cut-in-trailer", "reset", lambda w: Reply(chunks(w, end=b"0\r\nX: a\r\n"), CLOSE)),
    accepted("trailer-folded", lambda w: chunks(w, end=b"0\r\nX: a\r\n b\r\n\r\n")),
    refused("trailer-huge", TOO_LARGE_LINE,
            lambda w: chunks(w, end=b"0\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")),
    refused("trailer-for-ever", TOO_LARGE_LINE,
            lambda w: Reply(itertools.chain([chunks(w, end=b"0\r\n")],
                                          itertools.repeat(b"X: a\r\n")))),
    refused("trailer-that-names-a-length", GRAMMAR,
            lambda w: chunks(w, end=b"0\r\nContent-Length: 1\r\n\r\n")),
    accepted("trailer", lambda w: chunks(w, end=b"0\r\nContent-Encoding: gzip\r\n\r\n")),
]

STATUS = [
    *(refused(f"status-{status}", "not from 100 to 599",
              lambda w, s=status: line(w, f"HTTP/1.1 {s} x"))
      for status in ("000", "099", "600", "999")),
    *(refused(f"status-line-{name}", GRAMMAR, lambda w, t=text: line(w, t))
      for name, text in {"2-digits": "HTTP/1.1 20 x", "4-digits": "HTTP/1.1 2000 x",
                         "text": "HTTP/1.1 abc x", "minus": "HTTP/1.1 -20 x",
                         "empty": "", "http-2": "HTTP/2.0 200 OK", "http-0-9": "HTTP/0.9 200 OK",
                         "http-1-10": "HTTP/1.10 200 OK", "small-letters": "http/1.1 200 OK",
                         "space-before": " HTTP/1.1 200 OK", "icy": "ICY 200 OK",
                         "two-spaces": "HTTP/1.1  200 OK"}.items()),
    *(accepted(f"interim-{name}", lambda w, i=interim: i + message(w.body))
      for name, interim in {
          "continue": head(line="HTTP/1.1 100 Continue"), "no-reason": head(line="HTTP/1.1 100"),
          "hints": head("Link: </a>", line="HTTP/1.1 103 Early Hints"),
          "folded": head("X: a\r\n b", line="HTTP/1.1 102 x"),
          "fifty": 50 * head(line="HTTP/1.1 102 Processing"), "199": head(line="HTTP/1.1 199 x"),
          "length": head("Content-Length: 5", line="HTTP/1.1 103 x")}.items()),
    refused("interim-as-the-answer", CUT,
            lambda w: Reply(head(line="HTTP/1.1 100 Continue"), GOODBYE)),
    refused("interim-for-ever", "too many interim responses",
            lambda w: Reply(itertools.repeat(head(line="HTTP/1.1 100 Continue")))),
    refused("switching-protocols", "switches to another protocol",
            lambda w: head("Upgrade: h2c", "Connection: Upgrade",
                           line="HTTP/1.1 101 Switching Protocols")),
    *(refused(f"body-on-{status}", "unexpected_status",
              lambda w, s=status: message(w.body, status=f"{s} x"))
      for status in (204, 304)),
    refused("chunks-on-204", "unexpected_status",
            lambda w: chunks(w, line="HTTP/1.1 204 No Content")),
    refused("bytes-after-204", "unexpected_status",
            lambda w: head(line="HTTP/1.1 204 No Content") + w.body),
    accepted("status-203", lambda w: message(w.body, status="203 x")),
    accepted("empty-lines-before", lambda w: b"\r\n\r\n" + message(w.body)),
    refused("empty-204", "unexpected_status", lambda w: head(line="HTTP/1.1 204 No Content")),
    refused("empty-304", "unexpected_status", lambda w: head(line="HTTP/1.1 304 Not Modified")),
    accepted("status-line-without-a-space", lambda w: line(w, "HTTP/1.1 200")),
    accepted("status-line-without-a-word", lambda w: line(w, "HTTP/1.1 200 ")),
    accepted("http-1-0-with-length", lambda w: line(w, "HTTP/1.0 200 OK")),
    refused("http-0-9", GRAMMAR, lambda w: Reply(w.body + b"\r\n\r\n", CLOSE)),
    refused("http-2-preface", GRAMMAR, lambda w: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
]

AFTER = [
    waits("bytes-after", lambda w: message(w.pending) + b"x"),
    waits("line-after", lambda w: message(w.pending) + b"\r\n"),
    waits("chunks-after-the-last", lambda w: head(CHUNKED) + chunk(w.pending) + LAST_CHUNK +
          chunk(w.body)),
    waits("split-for-itself", lambda w: message(w.pending) + message(w.body)),
    waits("split-for-another", lambda w: smuggled(w, "bystander-0")),
    waits("split-for-the-next", lambda w: smuggled(w, "split-for-itself")),
    accepted("line-after-the-result", lambda w: message(w.body) + b"\r\n"),
]

HEADS = [
    *(refused(f"head-{name}", GRAMMAR, lambda w, t=text: fields(w, t))
      for name, text in {"nul-in-value": "X: a\0b", "nul-in-name": "X\0: a", "bell": "X: a\x07b",
                         "bare-return": "X: a\rb", "bare-line-feed": "X: a\nY: b",
                         "space-in-name": "X Y: a", "no-colon": "X", "no-name": ": a",
                         "space-before-colon": "X : a", "delete": "X: a\x7fb",
                         "bracket-in-name": "(X): a"}.items()),
    accepted("head-folded", lambda w: fields(w, "X: a\r\n b")),
    accepted("head-folded-by-tab", lambda w: fields(w, "X: a\r\n\tb")),
    accepted("head-folds-its-length",
             lambda w: head(f"Content-Length:\r\n {len(w.body)}") + w.body),
    refused("head-begins-with-a-fold", GRAMMAR, lambda w: head(" X: a", length(w)) + w.body),
    refused("head-folds-a-length", GRAMMAR,
            lambda w: head("Content-Length:\r\n 5", length(w)) + w.body),
    refused("head-of-20-kB", TOO_LARGE_HEAD, lambda w: fields(w, "X: " + "x" * 20_000)),
    refused("head-of-3000-fields", TOO_LARGE_HEAD,
            lambda w: fields(w, *(f"X{n}: a" for n in range(3000)))),
    refused("head-line-for-ever", TOO_LARGE_HEAD,
            lambda w: Reply(itertools.chain([b"HTTP/1.1 200 OK\r\nX: "],
                                          itertools.repeat(b"x" * 1000)))),
    refused("head-for-ever", TOO_LARGE_HEAD,
            lambda w: Reply(itertools.chain([b"HTTP/1.1 200 OK\r\n"],
                                          itertools.repeat(b"Retry-After: 3600\r\n")))),
    accepted("head-of-500-fields", lambda w: fields(w, *(f"X{n}: a" for n in range(500)))),
    accepted("head-bytes-above-ascii", lambda w: fields(w, "X: \u20ac\udcff")),
    accepted("head-will-close", lambda w: fields(w, "Connection: close")),
]

# Answers that are incomplete or never end. Other handshakes must complete meanwhile.
SLOW = [
    refused("silent", "timeout: no complete answer in time", lambda w: Reply(then=HANG)),
    refused("hangs-in-status", "timeout", lambda w: Reply(b"HTTP/1.1 2", HANG)),
    refused("hangs-in-head", "timeout", lambda w: Reply(head(length(w))[:-2], HANG)),
    refused("hangs-in-body", "timeout", lambda w: Reply(message(w.body)[:-1], HANG)),
    refused("hangs-in-chunk", "timeout", lambda w: Reply(chunks(w)[:-9], HANG)),
    refused("hangs-before-last-line", "timeout", lambda w: Reply(chunks(w)[:-2], HANG)),
    refused("loris-in-head", "timeout", lambda w: Reply(dripping(message(w.body), 0.5))),
    refused("loris-in-body", "timeout",
            lambda w: Reply(itertools.chain([head(length(w))], dripping(w.body, 0.5)))),
    refused("http-2-frames", "timeout", lambda w: bytes.fromhex("000006040000000000000300000064")),
    refused("head-line-feeds-only", "timeout",
            lambda w: head(length(w)).replace(b"\r", b"") + w.body),
    accepted("slow-but-in-time", lambda w: Reply(dripping(message(w.body), 0.001))),
]

CASES = LENGTH + CODINGS + CHUNKS + STATUS + AFTER + HEADS + SLOW


class FramingTest(SharedDaemonTest):
    def test_answers(self):
        self.play("framing", CASES)


if __name__ == "__main__":
    harness.main()
