"""Tests that a delivered value is always the signed one: JavaScript's and Python's parsers must
read the same values from the text that was signed and from the text in a valid record.

Pairs of texts are generated with a fixed seed: the delivered text is spelled anew, with values near
the signed ones. `attestrd verify` judges each pair as the daemon does. The long form has ten times
as many.
"""

import decimal
import hashlib
import hmac
import json
import math
import random
import subprocess

import harness

PAIRS = 100_000 if harness.IS_LONG else 10_000
AT_ONCE = 2000  # Files for one command.

STRINGIFY = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1);
for (const line of lines) console.log(JSON.stringify(JSON.stringify(JSON.parse(JSON.parse(line)))));
"""

# Prints the numbers of the lines whose two texts have different values; 0 and -0 are different.
COMPARE = """
const {isDeepStrictEqual} = require('util');
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1);
lines.forEach((line, number) => {
  const [signed, delivered] = JSON.parse(line);
  if (!isDeepStrictEqual(JSON.parse(signed), JSON.parse(delivered))) console.log(number);
});
"""

INTEGERS = (0, 1, 5, 10, 999, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 10**15, 10**16, 10**20,
            10**21, 10**22, 10**23, 2**63, 2**64 + 1, 10**400)
WORDS = ("1e400", "-1e400", "-1e-400", "1e-400", "5e-324", "2e-324", "-0", "-0.0", "0e9", "0.1",
         "0.10000000000000001", "1.7976931348623157e308", "1.7976931348623159e308", "1E3", "1.50",
         "5.0", "123456789012345.0", "1234567890123456.0", "1e20", "1e21", "0.30000000000000004")
CHARACTERS = "aA /\\\"'<&=\b\f\n\r\t\0\x1f\x7f\u0080é\u2028\ufeff\uffff\U0001f600\ud800\udc00"
KEYS = ("a", "b", "1", "2", "10", "01", "-1", "4294967295", "__proto__", "é", "result", "")


class Spelling:
    """A writer of JSON texts with random values and random spellings."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def number(self):
        kind = self.rng.randrange(4)
        if kind == 0:
            value = self.rng.choice(INTEGERS) + self.rng.randrange(2)
            return str(self.rng.choice((1, -1)) * value)
        if kind == 1:
            return self.rng.choice(WORDS)
        if kind == 2:
            return f"{self.rng.randrange(-10**6, 10**6)}{self.rng.choice(('', '.0', '.25', 'e2'))}"
        return repr(self.rng.uniform(-1, 1) * 10.0 ** self.rng.randrange(-30, 30))

    def near(self, token):
        """Returns a number that is spelled differently, and has the same value or one near it."""
        value = decimal.Decimal(token)
        kind = self.rng.randrange(7)
        if kind == 0:
            return self.rng.choice(WORDS)
        if kind == 1:
            return f"{value:e}"
        if kind == 2 and abs(value.adjusted()) < 400:
            return f"{value:f}" + ("" if "." in f"{value:f}" else ".0")
        number = float(token)
        if kind == 3 and math.isfinite(number):  # All digits of the double.
            return f"{decimal.Decimal(number):f}" if abs(value.adjusted()) < 40 else token
        if kind == 4 and math.isfinite(number) and abs(value.adjusted()) < 40:
            step = decimal.Decimal(math.ulp(number)) / 4  # It is rounded to the same double.
            return f"{decimal.Decimal(number) + step:f}"
        if kind == 5 and value == value.to_integral_value() and abs(value.adjusted()) < 40:
            return str(int(value) + self.rng.choice((-1, 1)))
        return token

    def text(self):
        return "".join(self.rng.choices(CHARACTERS, k=self.rng.randrange(4)))

    def string(self, text):
        """Returns the string with random escapes."""
        short = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "/": "/"}
        out = ""
        for c in text:
            must = c < " " or c in "\"\\" or "\ud800" <= c <= "\udfff"
            if not must and self.rng.random() < 0.7:
                out += c
            elif c in "\"\\" or (c in short and self.rng.random() < 0.5):
                out += "\\" + short.get(c, c)
            else:
                units = c.encode("utf-16-be", "surrogatepass").hex()
                out += "".join(f"\\u{units[at:at + 4]}" for at in range(0, len(units), 4))
        return f'"{out}"'

    def value(self, depth=0):
        """Returns a value: a list of words, of which numbers and strings are tuples."""
        kind = self.rng.randrange(6 if depth < 3 else 4)
        if kind < 2:
            return ("number", self.number())
        if kind == 2:
            return ("string", self.text())
        if kind == 3:
            return ("word", self.rng.choice(("true", "false", "null")))
        if kind == 4:
            return ("array", [self.value(depth + 1) for _ in range(self.rng.randrange(4))])
        return self.object(depth + 1)

    def object(self, depth=0):
        keys = self.rng.sample(KEYS, self.rng.randrange(5))
        return ("object", [(key, self.value(depth)) for key in keys])

    def spelled(self, value, is_changed=False):
        """Returns a text of the value; with changes, one or the other number is another one."""
        kind, content = value
        if kind == "number":
            return self.near(content) if is_changed and self.rng.random() < 0.3 else content
        if kind == "word":
            is_null = is_changed and content == "null" and self.rng.random() < 0.2
            return "1e400" if is_null else content
        if kind == "string":
            return self.string(content)
        space = self.rng.choice(("", "", " ", "\n\t"))
        if kind == "array":
            words = [self.spelled(one, is_changed) for one in content]
            return "[" + space + f",{space}".join(words) + "]"
        words = [f"{self.string(key)}{space}:{self.spelled(one, is_changed)}"
                 for key, one in content]
        return "{" + f"{space},".join(words) + space + "}"


def compact(text):
    """Returns the text without the white space between its tokens."""
    out, in_string, at = "", False, 0
    while at < len(text):
        if in_string and text[at] == "\\":
            out += text[at]
            at += 1
        elif text[at] == '"':
            in_string = not in_string
        if in_string or text[at] not in " \n\r\t":
            out += text[at]
        at += 1
    return out


def node(script, values):
    """Returns the lines that a script prints for these values, a line of JSON each."""
    text = "".join(json.dumps(value) + "\n" for value in values)
    done = subprocess.run(["node", "-e", script], input=text, text=True, capture_output=True,
                          check=True)
    return done.stdout.split("\n")[:-1]  # A string may have a line separator.


def is_same(a, b):
    """Compares values as Python reads them; 0 and -0 are different, 5 and 5.0 are not."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(is_same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, (bool, str, type(None))) or isinstance(b, (bool, str, type(None), dict, list)):
        return type(a) is type(b) and a == b
    return a == b and decimal.Decimal(a).is_signed() == decimal.Decimal(b).is_signed()


def same_to_python(signed, delivered):
    return all(is_same(json.loads(signed, **parsers), json.loads(delivered, **parsers))
               for parsers in ({}, {"parse_float": decimal.Decimal},
                               {"parse_float": decimal.Decimal, "parse_int": decimal.Decimal}))


class SignedValuesTest(harness.Fixture):
    place = harness.IN_MEMORY

    def test_raw(self):
        self.check("raw", lambda texts: texts)

    def test_compact(self):
        self.check("compact", lambda texts: [compact(text) for text in texts])

    def test_stringify(self):
        self.check("stringify", lambda texts: [json.loads(line) for line in node(STRINGIFY, texts)])

    def check(self, form, signed_form_of):
        spelling = Spelling(seed=19)
        values = [spelling.object() for _ in range(PAIRS)]
        signed = signed_form_of([spelling.spelled(value) for value in values])
        delivered = [spelling.spelled(value, is_changed=number % 2 == 1)
                     for number, value in enumerate(values)]
        if form == "stringify":  # Some are delivered as JSON.stringify would have them.
            delivered[::7] = signed[::7]
        else:
            delivered[::2] = signed[::2]
        accepted = self.accepted(form, signed, delivered)
        pairs = [(signed[number], delivered[number]) for number in accepted]
        harness.report(f"{form}: {len(pairs)} of {PAIRS} pairs are accepted")
        self.assertGreater(len(pairs), PAIRS / 10)
        self.assertLess(len(pairs), PAIRS)
        self.assertEqual([pairs[int(number)] for number in node(COMPARE, pairs)], [])
        self.assertEqual([pair for pair in pairs if not same_to_python(*pair)], [])

    def accepted(self, form, signed, delivered):
        """Returns the numbers of the pairs that attestrd accepts."""
        config = self.write_config("https://localhost", signature={"form": form})
        for number, (text, result) in enumerate(zip(signed, delivered)):
            record = self.record_of(form, number, text, result)
            (self.folder / f"DS{number}.json").write_bytes(record)
        found = []
        for first in range(0, PAIRS, AT_ONCE):
            names = [f"DS{number}.json" for number in range(first, min(first + AT_ONCE, PAIRS))]
            done = self.attestrd("verify", "--config", config, *names, cwd=self.folder)
            self.assertIn(done.returncode, (0, harness.BAD_INPUT), done.stderr)
            lines = done.stdout.splitlines()
            self.assertEqual(len(lines), len(names))
            found += [first + at for at, line in enumerate(lines)
                      if line == f"{names[at]}: valid ({form})"]
        return found

    def record_of(self, form, number, signed, delivered):
        signature = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        answer = (f'{{"_id":"DS{number}","consumed":true,"result":{delivered},'
                  f'"resultSignature":"{signature}"}}')
        return (f'{{"schema":"attestrd.result/1","id":"DS{number}","outcome":"completed",'
                '"submitted_at":"2026-11-23T20:57:00.123Z",'
                '"finished_at":"2026-11-23T20:58:00.123Z","polls":1,'
                f'"signature":{{"status":"valid","algorithm":"HMAC-SHA256","form":"{form}"}},'
                f'"response":{answer}}}\n').encode()


if __name__ == "__main__":
    harness.main()
