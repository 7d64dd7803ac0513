"""Tests answers with correct framing and a bad body: JSON, its members, size and coding."""

import gzip
import itertools
import threading
import zlib

import harness
from hostile_cases import (LAST_CHUNK, archived, chunk, head, message, refused, rejected,
                           accepted, waits)
from hostile_shared import MAX_RESPONSE, SharedBodyTest
from hostile_server import Reply

MIB = b"x" * (1 << 20)
BOMB = gzip.compress(b" " * (1 << 27), 1)
TOO_LARGE = "too_large: the answer is refused: its body is larger than max_response"


def replaced(w, old, new):
    """Returns a good answer with one replacement."""
    text = w.body
    assert old in text
    return text.replace(old, new, 1)


def sized(w, size):
    """Returns a good answer of this many bytes."""
    result = '{"a": "%s"}'
    return w.text(result=result % ("x" * (size - len(w.text(result=result % "")))))


GRAMMAR = [
    *(refused(f"json-{name}", "not_json", lambda w, t=text: t)
      for name, text in {
          "empty": b"", "space": b" \r\n", "null": b"null", "array": b"[]", "string": b'"a"',
          "number": b"0", "true": b"true", "html": b"<html><body>h4rm-4711</body></html>",
          "open": b"{", "no-member": b"{,}", "no-colon": b'{"_id" "a"}', "nul": b"\0",
          "deep-arrays": b"[" * 100_000, "deep-objects": b'{"a":' * 100_000}.items()),
    refused("json-in-an-array", "not_json", lambda w: b"[" + w.body + b"]"),
    refused("json-twice", "not_json", lambda w: w.body * 2),
    refused("json-and-more", "not_json", lambda w: w.body + b"x"),
    refused("json-and-nul", "not_json", lambda w: w.body + b"\0"),
    refused("json-cut", "not_json", lambda w: w.body[:-1]),
    refused("json-byte-order-mark", "not_json", lambda w: b"\xef\xbb\xbf" + w.body),
    refused("json-utf-16", "not_json", lambda w: w.body.decode().encode("utf-16")),
    refused("json-comment", "not_json", lambda w: b"/* */" + w.body),
    refused("json-comma-at-the-end", "not_json", lambda w: w.body[:-1] + b",}"),
    refused("json-single-quotes", "not_json", lambda w: w.body.replace(b'"', b"'")),
    *(refused(f"value-{name}", "not_json", lambda w, v=value: w.text(result='{"a": %s}' % v))
      for name, value in {
          "nan": "NaN", "infinity": "-Infinity", "hex": "0x10", "plus": "+1", "no-digit": "-",
          "leading-zero": "01", "no-fraction": "1.", "no-exponent": "1e", "capital-word": "True",
          "control-byte": '"\x1f"', "tab": '"\t"', "bad-escape": r'"\x41"',
          "half-escape": r'"\u00"',
          "lone-byte": '"\udc80"', "latin-1": '"M\udcfcller"', "overlong": '"\udcc0\udcaf"',
          "surrogate-in-utf-8": '"\udced\udca0\udc80"',
          "above-unicode": '"\udcf4\udc90\udc80\udc80"',
          "cut-utf-8": '"\udce2\udc82"', "deep": "[" * 100_000 + "]" * 100_000}.items()),
]

ODD = [
    *(accepted(f"odd-{name}", lambda w, v=value: w.text(result='{"a": %s}' % v))
      for name, value in {
          "1e999": "1e999", "30-digits": "123456789012345678901234567890", "minus-zero": "-0.0",
          "long-fraction": "0." + "1" * 5000, "lone-surrogate": r'"\ud800"',
          "surrogates-reversed": r'"\udc00\ud800"', "nul-escape": r'"\u0000"', "slash": r'"\/"',
          "depth": "[" * 500 + "]" * 500, "noncharacter": '"\uffff"', "euro": '"\u20ac"',
          "many-keys": "{" + ", ".join(f'"k{n}": 0' for n in range(50_000)) + "}"}.items()),
    accepted("odd-space-around", lambda w: b"\r\n\t " + w.body + b" \n"),
    accepted("odd-empty-result", lambda w: w.text(result="{}")),
    accepted("odd-id-escaped", lambda w: replaced(w, b'"odd', rb'"\u006fdd')),
    accepted("odd-member-escaped", lambda w: replaced(w, b'"consumed"', rb'"cons\u0075med"')),
    accepted("odd-members-unknown", lambda w: w.text('"x": [{"_id": 7}]', '"__proto__": {}')),
    accepted("odd-tag-number", lambda w: w.text(tag="290846")),
    accepted("odd-number-missing", lambda w: w.text(number=None, requestId=None, tag=None)),
    *(accepted(f"request-id-{name}", lambda w, v=value: w.text(requestId=v))
      for name, value in {"number": "7", "object": "{}", "escape": r'"\u001b[2J"',
                          "long": f'"{"x" * 10_000}"', "lines": r'"a\nb"'}.items()),
]

TYPES = [
    *(refused(f"{member}-{name}", "wrong_types", lambda w, m=member, v=value: w.text(**{m: v}))
      for member, values in {
          "_id": {"missing": None, "null": "null", "number": "1", "array": "[]", "object": "{}"},
          "consumed": {"missing": None, "null": "null", "number": "1", "text": '"true"'},
          "archived": {"text": '"1675397411000"', "true": "true", "false": "false",
                       "object": "{}", "array": "[]"},
          "result": {"text": '"{}"', "array": "[]", "true": "true", "number": "0"},
          "resultSignature": {"number": "1", "object": "{}", "array": "[]", "true": "true"},
          "tag": {"object": "{}", "array": "[]", "true": "true"},
      }.items() for name, value in values.items()),
    refused("error-with-status-200", "wrong_types",
            lambda w: b'{"code": 4001, "message": "h4rm-4711"}'),
]

# Both requests arrive before either is answered, and so on two connections.
both = threading.Barrier(2, timeout=harness.LONG_TIMEOUT_S)


def swapped(w, with_):
    both.wait()
    return w.of(with_).body


# These come first, so that they are requested at the same time.
SWAPPED = [
    refused("swapped-one", "wrong_id", lambda w: swapped(w, "swapped-two")),
    refused("swapped-two", "wrong_id", lambda w: swapped(w, "swapped-one")),
]

FORGED = [
    *(rejected(f"twice-{name}", "duplicate_key", lambda w, m=member: w.text(m))
      for name, member in {
          "consumed": '"consumed": false', "id": '"_id": "h4rm-4711"', "result": '"result": {}',
          "signature": '"resultSignature": null', "unknown": '"x": {"y": 1, "y": 2}',
          "escaped": r'"\u0072esult": null', "capitals": '"RESULT": {}',
          "long-s": '"re\u017fult": 1',
          "before-nul": r'"result\u0000": null', "zero-width": '"consu\u200bmed": false',
          "blank": '"_id ": "h4rm-4711"', "in-array": '"x": [[{"a": 1, "a": 1}]]'}.items()),
    rejected("twice-in-result", "duplicate_key",
             lambda w: w.text(result='{"a": {"b": 1, "b": 2}}')),
    rejected("twice-nul-keys", "duplicate_key", lambda w: w.text(r'"\u0000": 1, "\u0000": 2')),
    refused("twice-only-once", "duplicate_key", lambda w: w.text('"consumed": true')),
    *(rejected(f"id-{name}", "wrong_id", lambda w, v=value: w.text(_id=f'"{v}"'))
      for name, value in {"empty": "", "of-another": "bystander-1", "longer": "id-longer2",
                          "shorter": "id-shorte", "in-capitals": "ID-IN-CAPITALS",
                          "with-nul": r"id-with-nul\u0000", "with-space": "id-with-space ",
                          "long": "x" * 100_000}.items()),
]

STATES = [
    *(waits(f"no-result-{name}", lambda w, c=changes: w.text(
        **{"result": "null", "resultSignature": "null", **c}))
      for name, changes in {
          "though-consumed": {}, "no-members": {"result": None, "resultSignature": None},
          "signed": {"resultSignature": f'"{"0" * 64}"'}, "archived-null": {"archived": "null"},
          "archived-0": {"archived": "0"}, "archived-0e9": {"archived": "0.0e9"},
          "archived-negative": {"archived": "-1675397411000"}}.items()),
    waits("result-though-not-consumed", lambda w: w.text(consumed="false")),
    *(archived(f"archived-{name}", lambda w, v=value, c=consumed: w.text(
        result="null", resultSignature="null", archived=v, consumed=c))
      for name, (value, consumed) in {
          "in-the-past": ("1675397411000", "true"), "in-seconds": ("1675397411", "true"),
          "in-the-future": ("9999999999999", "true"), "not-consumed": ("1675397411000", "false"),
          "1e999": ("1e999", "true"), "fraction": ("0.0001", "true"),
          "30-digits": ("123456789012345678901234567890", "true")}.items()),
    accepted("result-though-archived", lambda w: w.text(archived="1675397411000")),
    accepted("result-archived-not-consumed", lambda w: w.text(archived="1", consumed="false")),
    rejected("result-archived-badly-signed", "invalid_signature", lambda w: w.text(
        archived="1675397411000", resultSignature=f'"{"0" * 64}"')),
]

SIZES = [
    accepted("size-at-the-bound", lambda w: sized(w, MAX_RESPONSE)),
    refused("size-above-the-bound", TOO_LARGE, lambda w: sized(w, MAX_RESPONSE + 1)),
    refused("size-above-in-chunks", TOO_LARGE, lambda w: Reply(
        head("Transfer-Encoding: chunked") + chunk(sized(w, MAX_RESPONSE + 1)) + LAST_CHUNK)),
    refused("size-80-MB", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head(f"Content-Length: {80 * len(MIB)}")], itertools.repeat(MIB, 80)))),
    refused("size-80-MB-in-chunks", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head("Transfer-Encoding: chunked")], itertools.repeat(chunk(MIB), 80), [LAST_CHUNK]))),
    refused("size-80-MB-in-one-chunk", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head("Transfer-Encoding: chunked"), b"%x\r\n" % (80 * len(MIB))],
        itertools.repeat(MIB, 80)))),
    refused("size-without-end", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head("Transfer-Encoding: chunked")], itertools.repeat(chunk(b"x" * 1000))))),
    refused("size-without-length", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head()], itertools.repeat(MIB)))),
    refused("size-of-an-error", TOO_LARGE, lambda w: Reply(itertools.chain(
        [head(f"Content-Length: {80 * len(MIB)}", line="HTTP/1.1 500 x")],
        itertools.repeat(MIB, 80)))),
]

CODINGS = [
    *(refused(f"coding-{name}", "content_encoding",
              lambda w, c=coding, p=pack: Reply(message(p(w.body), f"Content-Encoding: {c}")))
      for name, (coding, pack) in {
          "gzip": ("gzip", gzip.compress), "x-gzip": ("x-gzip", gzip.compress),
          "deflate": ("deflate", zlib.compress), "br": ("br", bytes), "zstd": ("zstd", bytes),
          "gzip-not-packed": ("gzip", bytes), "two": ("gzip, identity", gzip.compress),
          "identity-twice": ("identity, identity", bytes), "unknown": ("h4rm-4711", bytes),
          "bomb": ("gzip", lambda body: gzip.compress(body) + BOMB)}.items()),
    refused("coding-in-two-fields", "content_encoding", lambda w: Reply(message(
        gzip.compress(w.body), "Content-Encoding: identity", "Content-Encoding: gzip"))),
    refused("coding-not-declared", "not_json", lambda w: gzip.compress(w.body)),
    accepted("coding-identity", lambda w: Reply(message(w.body, "Content-Encoding: Identity"))),
    accepted("coding-empty", lambda w: Reply(message(w.body, "Content-Encoding:"))),
]


class JsonTest(SharedBodyTest):
    def test_bodies(self):
        self.play("json", GRAMMAR + ODD + TYPES)

    def test_states(self):
        self.play("states", SWAPPED + FORGED + STATES)

    def test_sizes(self):
        self.play("sizes", SIZES + CODINGS)


if __name__ == "__main__":
    harness.main()
