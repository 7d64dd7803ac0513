"""Tests errors of the account, which both handshakes meet: they wait, one canary polls, and none
fails. A refusal for the rate (429) pauses nothing, but its Retry-After holds for all."""

import email.utils
import time

import harness
from hostile_isolated import IsolatedCase, IsolatedTest
from hostile_cases import error, message
from hostile_server import Reply

CANARY = (4.9, 5)  # Delay of the canary in seconds, without Retry-After.
HOUR = (3599, 3600)
AT_ONCE = (0, 0)  # Retry-After asks for nothing that can be held.
NOON = "Tue, 24 Nov 2026 12:00:00 GMT"


def account_error(name, reason, status, body=b"<html>h4rm-4711</html>", *fields, waits_s=CANARY):
    """Returns a case in which this is the first answer to each handshake, and all later ones are
    good."""
    def answer(_):
        return Reply(message(body, *(field if isinstance(field, str) else field()
                                   for field in fields), status=f"{status} x"))
    return IsolatedCase(name, replies=(answer,), errors=(reason,), pauses=reason, waits_s=waits_s,
                        is_held=waits_s[1] > 8)


def refusal(name, body, waits_s, *fields):
    """Returns a case in which the first poll is refused for the rate."""
    def answer(_):
        return Reply(message(body, *(field if isinstance(field, str) else field()
                                   for field in fields), status="429 x"))
    return IsolatedCase(name, replies=(answer,), holds_s=waits_s)


def after(name, value, waits_s, *fields):
    """Returns such a case with this Retry-After."""
    return refusal(f"retry-after-{name}", b"{}", waits_s, f"Retry-After: {value}", *fields)


def pause_after(name, value, waits_s, status, reason):
    """Returns a case in which the account is paused with this Retry-After."""
    return account_error(f"retry-after-{name}", reason, status, b"{}", f"Retry-After: {value}",
                         waits_s=waits_s)


def ahead(seconds, name="Retry-After"):
    """Returns a field with a date `seconds` after the time at which it is sent."""
    return lambda: f"{name}: {email.utils.formatdate(time.time() + seconds, usegmt=True)}"


ACCOUNT_ERRORS = [
    account_error("401", "unauthorized", 401),
    account_error("401-asks-for-more", "unauthorized", 401, b"",
                  "WWW-Authenticate: Digest realm=x"),
    account_error("401-4016", "unauthorized", 401, error(4016)),
    account_error("401-4001", "unauthorized", 401, error(4001)),
    account_error("402", "low_credits", 402),
    account_error("403", "forbidden", 403),
    account_error("403-4031", "forbidden", 403, error(4031)),
    account_error("403-4035", "forbidden", 403, error(4035)),
    account_error("403-4039", "forbidden", 403, error(4039)),
    account_error("403-4002", "forbidden", 403, error(4002)),
    account_error("400-4005", "low_credits", 400, error(4005)),
    account_error("400-40051", "wrong_version", 400, error(40051)),
    account_error("400-4016", "unauthorized", 400, error(4016)),
    account_error("404-4031", "forbidden", 404, error(4031)),
    refusal("429", b"<html>h4rm-4711</html>", AT_ONCE),
    refusal("429-4291", error(4291), AT_ONCE),
    refusal("429-4292", error("4292"), AT_ONCE),
    refusal("429-4001", error(4001), AT_ONCE),
    account_error("429-4293", "daily_limit", 429, error(4293), waits_s=(0, 3600)),
]

RETRY_AFTER = [
    after("7", "7", (6.9, 7)),
    after("0", "0", AT_ONCE),
    after("negative", "-5", AT_ONCE),
    after("plus", "+60", AT_ONCE),
    after("fraction", "60.5", (60, 61)),
    after("list", "60, 70", AT_ONCE),
    after("empty", "", AT_ONCE),
    after("garbage", "soon h4rm-4711", AT_ONCE),
    after("unit", "60s", AT_ONCE),
    after("hex", "0x3c", AT_ONCE),
    after("60", "60", (59, 60)),
    after("twice", "60", (59, 60), "Retry-After: 0"),
    after("a-day", "86400", HOUR),
    after("over-64-bits", "9" * 40, HOUR),
    pause_after("with-401", "60", (59, 60), status=401, reason="unauthorized"),
    pause_after("with-403", "86400", HOUR, status=403, reason="forbidden"),
    after("imf-date", "Tue, 24 Nov 2026 12:01:00 GMT", (59, 60), f"Date: {NOON}"),
    after("rfc-850-date", "Tuesday, 24-Nov-26 12:01:00 GMT", (59, 60), f"Date: {NOON}"),
    after("asctime-date", "Tue Nov 24 12:01:00 2026", (59, 60), f"Date: {NOON}"),
    after("date-by-a-clock-ahead", "Fri, 31 Dec 2100 00:01:00 GMT", (59, 60),
          "Date: Fri, 31 Dec 2100 00:00:00 GMT"),
    after("date-in-the-past", "Tue, 24 Nov 2026 11:59:00 GMT", AT_ONCE, f"Date: {NOON}"),
    after("date-in-1970", "Thu, 01 Jan 1970 00:00:00 GMT", AT_ONCE),
    after("date-in-9999", "Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
    after("date-impossible", "Tue, 31 Feb 2099 12:00:00 GMT", AT_ONCE),
    after("date-in-local-time", "Tue, 24 Nov 2099 12:00:00 IST", AT_ONCE),
    refusal("retry-after-our-clock", b"{}", (50, 60), ahead(60)),
    refusal("retry-after-bad-date", b"{}", (50, 60), ahead(60), "Date: today"),
]


class AccountTest(IsolatedTest):
    def test_account_error(self):
        self.play_isolated("account", ACCOUNT_ERRORS)

    def test_retry_after(self):
        self.play_isolated("retry-after", RETRY_AFTER)


if __name__ == "__main__":
    harness.main()
