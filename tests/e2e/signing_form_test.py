"""Tests `signature.form = "auto"`: which changes of the signed form are accepted, and how a person
accepts the others."""

import hashlib
import hmac
import json
import signal

import harness

DELIVERED = r'{ "FS01": {"input": {}, "output": {"name": "\u0041", "n": %s}} }'
COMPACT = r'{"FS01":{"input":{},"output":{"name":"\u0041","n":%s}}}'
STRINGIFIED = '{"FS01":{"input":{},"output":{"name":"A","n":%s}}}'


class SigningFormTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.nginx = self.start_nginx()

    def submit(self, handshake, signed, delivered=DELIVERED % 1):
        """Submits a handshake whose result is delivered in one text and signed in another."""
        signature = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        self.nginx.answer(handshake,
                          self.answer(handshake, delivered, signature, consumed=True))
        self.drop([handshake], handshake)

    def configure(self, form):
        return self.write_config(self.nginx.url,
                                 signature={"signature_attempts": 2, "form": form})

    def test_change_to_stringify_needs_the_setting(self):
        daemon = self.start_daemon(self.configure("auto"))
        self.submit("DSraw", DELIVERED % 1)
        self.wait_for_results(["DSraw"])
        for number in range(2):
            self.submit(f"DScompact{number}", COMPACT % number, DELIVERED % number)
        self.wait_for_results(["DScompact0", "DScompact1"])
        self.submit("DSstringify", STRINGIFIED % 1)
        self.wait_for_results(["DSstringify"], folder="rejected")
        self.assertEqual(self.record("DSstringify", "rejected")["reason"], "invalid_signature")
        self.assertEqual([(line["level"], line["reason"]) for line in daemon.log("signature.form")],
                         [("warn", "compact"), ("error", "stringify")])

        self.configure("stringify")
        daemon.popen.send_signal(signal.SIGHUP)
        daemon.wait_for("config.reloaded")
        self.submit("DSconfigured", STRINGIFIED % 1)
        self.wait_for_results(["DSconfigured"])
        self.assertEqual(self.record("DSconfigured")["signature"]["form"], "stringify")

    def test_number_that_changes_its_value_is_refused(self):
        self.start_daemon(self.configure("stringify"))
        changed = {"integer": ("9007199254740993", "9007199254740992"),
                   "infinite": ("1e400", "null"), "tiny": ("-1e-400", "0"), "zero": ("-0", "0")}
        for name, (delivered, signed) in changed.items():
            self.submit(f"DS{name}", STRINGIFIED % signed, DELIVERED % delivered)
        self.submit("DSsame", STRINGIFIED % "5", DELIVERED % "5.0")
        self.wait_for_results(["DSsame"])
        self.wait_for_results([f"DS{name}" for name in changed], folder="rejected")
        self.assertEqual(self.spooled(), {"DSsame"})


if __name__ == "__main__":
    harness.main()
