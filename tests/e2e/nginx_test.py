"""Tests that recorded answers of a real web server become verified results in the spool."""

import json

import harness

COUNT = 1000


class NginxTest(harness.Fixture):
    def test_thousand_handshakes(self):
        nginx = self.start_nginx()
        ids = harness.make_ids(COUNT)
        for handshake in ids:
            nginx.answer(handshake, self.answer(handshake))
        config = self.write_config(nginx.url)
        daemon = self.start_daemon(config)

        self.drop(ids)
        harness.eventually(lambda: daemon.status()["totals"]["polls"] >= 2 * COUNT,
                           what="two polls of each")
        self.assertEqual(daemon.status()["pending"], COUNT)
        self.assertEqual(self.spooled(), set())

        for handshake in ids:
            result = json.dumps({"FS01": {"input": {}, "output": {"name": handshake}}})
            nginx.answer(handshake, self.signed_answer(handshake, result))
        self.wait_for_results(ids)
        self.assertEqual(self.spooled(), set(ids))
        self.assertEqual(daemon.stop(), 0)

        files = sorted((self.spool / "results").iterdir())
        verify = self.attestrd("verify", "--config", config, *files)
        self.assertEqual((verify.returncode, len(files)), (0, COUNT), verify.stderr)
        for handshake in ids:
            record = self.record(handshake)
            self.assertEqual(record["signature"]["status"], "valid")
            self.assertEqual(record["response"]["result"]["FS01"]["output"]["name"], handshake)

    def test_answer_is_stored_byte_for_byte(self):
        nginx = self.start_nginx()
        odd = '{ "FS01" :\t{"output":{"n":1.50e0 , "s":"\\u20ac\u20ac\\/"}}}'
        answer = self.signed_answer("DS01", odd)
        nginx.answer("DS01", answer)
        self.drop(["DS01"])
        daemon = self.start_daemon(self.write_config(nginx.url), "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(), 0)
        self.assertIn(answer, (self.spool / "results/DS01.json").read_bytes())


if __name__ == "__main__":
    harness.main()
