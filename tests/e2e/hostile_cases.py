"""Provides the vocabulary of the tables of hostile answers.

An answer is a function of a Forger that returns bytes or a Reply. The name of its case is the id of
the handshake that gets it.
"""

import dataclasses
import hmac
import json

# A part of hostile answers, which must appear in the spool only.
HARM = "h4rm-4711"

ALWAYS = 1 << 30
ATTEMPTS = 2  # signature_attempts


class Forger:
    """A writer of answers for one handshake. Those that must be refused are signed correctly
    too."""

    def __init__(self, handshake, secret):
        self.id = handshake
        self.secret = secret

    def of(self, handshake):
        return Forger(handshake, self.secret)

    @property
    def body(self):
        """Returns a correctly signed result that must not be accepted."""
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
        """Returns an answer. `changes` and `more` are JSON text, and None omits a member. The
        answer is signed over the result unless the signature is given."""
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
    r"""Returns the text in UTF-8; "\udc80" to "\udcff" stand for the bytes 80 to ff."""
    return text.encode("utf-8", "surrogateescape")


def head(*fields, line="HTTP/1.1 200 OK"):
    """Returns the head of an answer with the fields unchanged."""
    return encoded("".join(f"{part}\r\n" for part in (line, *fields, "")))


def message(body, *fields, status="200 OK"):
    """Returns an answer with correct framing."""
    return head(f"Content-Length: {len(body)}", *fields, line=f"HTTP/1.1 {status}") + body


def error(code):
    """Returns the body of one of Attestr's errors."""
    return encoded(json.dumps({"code": code, "message": HARM, "details": None}))


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Case:
    """A hostile answer, and the expected outcome of the handshake that gets it."""
    name: str
    answer: object
    errors: tuple = ()    # part of the reason of each poll.error, in order
    folder: str = "results"  # folder of its record; empty: still pending
    times: int = 1        # number of hostile answers; then the genuine answer
    stored: str = "genuine"  # the answer in the record: "genuine", "answer" or "" for none
    reason: str = ""      # reason in the record
    tag: str = ""         # tag in the submission
    gap_s: float = 0      # minimum time until the next request

    def submission(self):
        return json.dumps({"id": self.name, "tag": self.tag}) if self.tag else self.name

    def polls(self):
        """Returns the number of requests that reach the server; None if it depends on time."""
        if self.folder in ("rejected", "archived"):
            return ATTEMPTS
        return None if self.folder == "failed" else self.times % ALWAYS + bool(self.folder)


def refused(name, error, answer, gap_s=0):
    """Returns a case whose answer is refused; the daemon polls again, and accepts the genuine
    answer."""
    return Case(name, answer, (error,), gap_s=gap_s)


def held(name, error, answer):
    """Returns a case after whose answer the daemon does not poll again during the test."""
    return Case(name, answer, (error,), "")


def waits(name, answer):
    """Returns a case whose answer is valid, and leaves the handshake pending."""
    return Case(name, answer)


def accepted(name, answer):
    """Returns a case whose answer is unusual and valid: it becomes the result."""
    return Case(name, answer, times=ALWAYS, stored="answer")


def rejected(name, reason, answer, tag=""):
    """Returns a case in which the daemon polls once more, and then rejects the handshake."""
    return Case(name, answer, (reason,) * (ATTEMPTS - 1), "rejected", ALWAYS, "answer", reason, tag)


def archived(name, answer):
    return Case(name, answer, ("archived",) * (ATTEMPTS - 1), "archived", ALWAYS, "answer")


def not_found(name, answer):
    return Case(name, answer, folder="failed", times=ALWAYS, stored="", reason="not_found")
