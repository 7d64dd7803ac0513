"""The words that the tables of traps are written in.

A trap is a function of a Forger: it gives what the server answers, as bytes or as an Act. The name
of its case is the id of the handshake that falls into it.
"""

import dataclasses
import hashlib
import hmac
import json

# Stands in what a trap says, and is looked for everywhere but in the spool.
HARM = "h4rm-4711"

ALWAYS = 1 << 30
ATTEMPTS = 2  # signature_attempts


class Forger:
    """Writes answers for one handshake, with the customer's own secret where that harms most."""

    def __init__(self, handshake, secret):
        self.id = handshake
        self.secret = secret

    def of(self, handshake):
        return Forger(handshake, self.secret)

    @property
    def body(self):
        """The worst there is: a signed result that must not be taken."""
        return self.text()

    @property
    def genuine(self):
        return self.text(result=self.result("genuine"))

    @property
    def pending(self):
        return self.text(consumed="false", result="null", resultSignature="null")

    def result(self, word=HARM):
        return json.dumps({"FS01": {"input": {}, "output": {"name": f"{word} {self.id}"}}})

    def text(self, *more, **changes):
        """An answer; `changes` and `more` are JSON as it is to stand there, None leaves a member
        out. It is signed over the result, unless the signature is given."""
        members = {"_id": f'"{self.id}"', "number": '"3804-324489-8469"', "tag": '"290846"',
                   "requestId": '"c500f555-0dd3-4368-b5e3-c039ddb144ee"', "consumed": "true",
                   "result": self.result(), **changes}
        if "resultSignature" not in changes:
            members["resultSignature"] = f'"{self.sign(members["result"])}"'
        words = [f'"{key}": {value}' for key, value in members.items() if value is not None]
        return encoded("{" + ", ".join([*words, *more]) + "}")

    def sign(self, result, secret=None, digest="sha256"):
        return hmac.new((secret or self.secret).encode(), encoded(result or ""), digest).hexdigest()


def encoded(text):
    r"""UTF-8, but for "\udc80" to "\udcff", which are the bytes 80 to ff."""
    return text.encode("utf-8", "surrogateescape")


def head(*fields, line="HTTP/1.1 200 OK"):
    """The head of an answer; the fields as they are to stand there."""
    return encoded("".join(f"{part}\r\n" for part in (line, *fields, "")))


def message(body, *fields, status="200 OK"):
    """A well-framed answer."""
    return head(f"Content-Length: {len(body)}", *fields, line=f"HTTP/1.1 {status}") + body


def error(code):
    """The body of one of Attestr's errors."""
    return encoded(json.dumps({"code": code, "message": HARM, "details": None}))


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Case:
    """A trap, and what must become of the handshake that falls into it."""
    name: str
    trap: object
    says: tuple = ()      # a part of the reason of each poll.error, in their order
    folder: str = "results"  # where it ends; empty: it goes on
    times: int = 1        # so often it is played; then the genuine answer comes
    keeps: str = "genuine"  # whose bytes are in the record: "genuine", "trap", or "" for none
    reason: str = ""      # of the record
    tag: str = ""         # what the submission says
    gap_s: float = 0      # so long it is left alone after the trap

    def submission(self):
        return json.dumps({"id": self.name, "tag": self.tag}) if self.tag else self.name

    def polls(self):
        """How many requests reach the server; None: that depends on the clock."""
        if self.folder == "rejected":
            return ATTEMPTS
        return None if self.folder == "failed" else self.times % ALWAYS + bool(self.folder)


def refused(name, says, trap, gap_s=0):
    """It is asked again, and the genuine answer is taken."""
    return Case(name, trap, (says,), gap_s=gap_s)


def held(name, says, trap):
    """It is not asked again as long as this test lasts."""
    return Case(name, trap, (says,), "")


def waits(name, trap):
    """Nothing is wrong, nothing has ended."""
    return Case(name, trap)


def taken(name, trap):
    """Odd, and yet right: the trap itself is the result."""
    return Case(name, trap, times=ALWAYS, keeps="trap")


def rejected(name, reason, trap, tag=""):
    """It is doubted once, then given up."""
    return Case(name, trap, (reason,) * (ATTEMPTS - 1), "rejected", ALWAYS, "trap", reason, tag)


def archived(name, trap):
    return Case(name, trap, folder="archived", times=ALWAYS, keeps="trap")


def not_found(name, trap):
    return Case(name, trap, folder="failed", times=ALWAYS, keeps="", reason="not_found")
