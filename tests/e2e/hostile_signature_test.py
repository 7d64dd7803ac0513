"""Tests results with bad signatures or of other handshakes, and valid forms of signatures."""

import base64
import hashlib
import json

import harness
from hostile_cases import accepted, refused, rejected
from hostile_shared import SharedBodyTest

OLD_SECRET = "the-secret-before"

# The three forms of a result that may be signed; the first is the result's own text.
SPACED = '{ "b" :\t1.50e0, "10": "\\u20ac\\/", "2": [ ] }'
COMPACT = '{"b":1.50e0,"10":"\\u20ac\\/","2":[]}'
STRINGIFIED = '{"2":[],"10":"\u20ac/","b":1.5}'


def signed(signature):
    """Returns an answer whose signature is the result of the function `signature`."""
    return lambda w: w.text(resultSignature=json.dumps(signature(w)))


def bad(name, signature):
    return rejected(f"signature-{name}", "invalid_signature", signed(signature))


def good(name, signature):
    return accepted(f"signature-{name}", signed(signature))


def digest(w):
    return w.sign(w.result())


def over(text, result=SPACED):
    """Returns an answer with a result and a signature over this text."""
    return lambda w: w.text(result=result, resultSignature=f'"{w.sign(text)}"')


SIGNATURES = [
    bad("of-zeros", lambda w: "0" * 64),
    bad("null", lambda w: None),
    bad("empty", lambda w: ""),
    bad("too-short", lambda w: digest(w)[:63]),
    bad("too-long", lambda w: digest(w) + "0"),
    bad("half", lambda w: digest(w)[:32]),
    bad("twice", lambda w: 2 * digest(w)),
    bad("last-digit", lambda w: digest(w)[:63] + "0123456789abcdef"[int(digest(w)[63], 16) - 1]),
    bad("first-digit", lambda w: "0123456789abcdef"[int(digest(w)[0], 16) - 1] + digest(w)[1:]),
    bad("no-hex", lambda w: digest(w)[:63] + "g"),
    bad("prefix", lambda w: "0x" + digest(w)[:62]),
    bad("space-before", lambda w: " " + digest(w)),
    bad("line-feed-behind", lambda w: digest(w) + "\n"),
    bad("nul-behind", lambda w: digest(w) + "\0"),
    bad("full-width-digits", lambda w: digest(w)[:63] + "\uff11"),
    bad("base64", lambda w: base64.b64encode(bytes.fromhex(digest(w))).decode()),
    bad("sha-1", lambda w: w.sign(w.result(), digest="sha1")),
    bad("sha-512", lambda w: w.sign(w.result(), digest="sha512")),
    bad("no-key", lambda w: hashlib.sha256(w.result().encode()).hexdigest()),
    bad("of-another-secret", lambda w: w.sign(w.result(), "another-secret")),
    bad("of-both-secrets", lambda w: w.sign(w.result(), f"{w.secret}\n{OLD_SECRET}")),
    bad("of-secret-and-line-feed", lambda w: w.sign(w.result(), f"{w.secret}\n")),
    bad("of-another-result", lambda w: digest(w.of("bystander-0"))),
    bad("of-null", lambda w: w.sign("null")),
    bad("of-nothing", lambda w: w.sign("")),
    bad("of-the-answer", lambda w: w.sign(w.body.decode())),
    bad("of-the-id", lambda w: w.sign(w.id)),
    bad("of-a-part", lambda w: w.sign(w.result()[:-1])),
    rejected("signature-missing", "invalid_signature", lambda w: w.text(resultSignature=None)),
    rejected("signature-escaped", "invalid_signature", lambda w: w.text(
        resultSignature='"%s"' % "".join(f"\\u{ord(c):04x}" for c in digest(w)))),
    rejected("signature-over-other-order", "invalid_signature",
             over('{"10":"\\u20ac\\/","b":1.50e0,"2":[]}')),
    rejected("signature-over-other-number", "invalid_signature",
             over(COMPACT.replace("1.50e0", "1.500"))),
    refused("signature-bad-once", "invalid_signature", signed(lambda w: "0" * 64)),
    good("in-small-letters", lambda w: digest(w).lower()),
    good("in-capitals", lambda w: digest(w).upper()),
    good("in-both", lambda w: digest(w)[:32].upper() + digest(w)[32:]),
    good("of-the-old-secret", lambda w: w.sign(w.result(), OLD_SECRET)),
    accepted("signature-over-raw", over(SPACED)),
    accepted("signature-over-compact", over(COMPACT)),
    # Those before were signed over their own texts: see signing_form_test.py.
    rejected("signature-over-stringified", "invalid_signature", over(STRINGIFIED)),
]

REPLAYED = [
    rejected("tag-of-another", "tag_mismatch", lambda w: w.text(tag='"290847"'), "290846"),
    rejected("tag-missing", "tag_mismatch", lambda w: w.text(tag=None), "290846"),
    rejected("tag-null", "tag_mismatch", lambda w: w.text(tag="null"), "290846"),
    rejected("tag-with-nul", "tag_mismatch", lambda w: w.text(tag=r'"290846\u0000"'), "290846"),
    rejected("tag-longer", "tag_mismatch", lambda w: w.text(tag='"2908460"'), "290846"),
    accepted("tag-escaped", lambda w: w.text(tag=r'"\u0032\u00390846"')),
    rejected("replayed-whole", "wrong_id", lambda w: w.of("bystander-0").body),
    # The signature covers the result alone: with the right id only a tag detects the replay.
    accepted("replayed-under-our-id-without-tag", lambda w: w.text(result=w.of("other").result())),
    rejected("replayed-under-our-id", "tag_mismatch",
             lambda w: w.text(result=w.of("other").result(), tag='"1"'), "290846"),
]


class SignatureTest(SharedBodyTest):
    def test_signatures(self):
        self.write_secret("client-secret", f"{self.secret}\n{OLD_SECRET}")
        self.play("signatures", SIGNATURES + REPLAYED)


if __name__ == "__main__":
    harness.main()
