"""Tests who may do what: the daemon, submitters, a reader and an operator as users of their own."""

import datetime
import os
import stat
import statistics

import harness
from hostile_fixture import soon
from roles_fixture import ALICE, BOB, OPERATOR, READER, RolesFixture, as_user

SUBMISSIONS = 200
# A submission that had to wait for a timer would take a second or more. On an idle machine the
# median is some milliseconds.
MEDIAN_MS = 500


class RolesTest(RolesFixture):
    def test_who_may_do_what(self):
        daemon = self.start_service()
        leave = "os.mkdir(sys.argv[1])"  # A folder is left alone, so that it stays.
        self.assertEqual(self.do(ALICE, leave, self.inbox / "alice"), "done")
        self.assertEqual(daemon.count("inbox.shared"), 0)
        with self.case("a submitter submits, whatever the umask"):
            done = self.submit(ALICE, "DSone")
            self.assertEqual((done.returncode, done.stdout), (0, "submitted 1\n"), done.stderr)
            self.assertEqual(self.write_file(ALICE, "file", "DStwo\n"), "done")
            self.wait_for_results(["DSone", "DStwo"])
        with self.case("another can't list, read, rename or remove"):
            hidden = self.inbox / ".private"
            self.assertEqual(self.write_file(ALICE, hidden.name, "DSthree\n"), "done")
            self.assertEqual(self.do(BOB, "os.listdir(sys.argv[1])", self.inbox), "EACCES")
            self.assertEqual(self.do(BOB, "open(sys.argv[1])", hidden), "EACCES")
            self.assertEqual(self.do(BOB, "open(sys.argv[1], 'a')", hidden), "EACCES")
            self.assertEqual(self.do(BOB, "os.unlink(sys.argv[1])", hidden), "EPERM")
            self.assertEqual(self.do(BOB, "os.rename(sys.argv[1], sys.argv[1] + '2')", hidden),
                             "EPERM")
            self.assertEqual(self.do(BOB, "os.listdir(sys.argv[1])", self.inbox / ".claimed"),
                             "EACCES")
        with self.case("a submitter reads no result"):
            for folder in (*harness.FOLDERS, "refused", "staging"):
                path = self.spool / folder
                self.assertEqual(self.do(ALICE, "os.listdir(sys.argv[1])", path), "EACCES", folder)
                self.assertEqual(self.do(ALICE, "open(sys.argv[1] + '/DSone.json')", path),
                                 "EACCES")
                self.assertEqual(self.do(ALICE, "open(sys.argv[1] + '/DSx.json', 'w')", path),
                                 "EACCES")
        with self.case("only a user who may ask the daemon is told that an id has ended"):
            self.assertEqual(self.submit(ALICE, "DSone").returncode, 0)
            daemon.wait_for("inbox.already_ended")
            done = self.attestrd("submit", "--config", self.config, "DSone")
            self.assertEqual(done.returncode, harness.BAD_INPUT, done.stderr)
            self.assertIn("DSone has ended: completed", done.stderr)
        self.check_reader_and_operator()
        with self.case("a submitter and a reader can't use the control socket"):
            for uid in (ALICE, READER):
                done = self.attestrd("status", "--config", self.config, under=as_user(uid), cwd="/")
                self.assertEqual(done.returncode, harness.PERMISSION, done.stderr)
        self.assertEqual(daemon.stop(), 0)

    def check_reader_and_operator(self):
        record = self.spool / "results/DSone.json"
        with self.case("a reader takes results and can't submit"):
            self.assertEqual(stat.S_IMODE(record.stat().st_mode), 0o640)
            self.assertEqual(self.do(READER, "open(sys.argv[1]).read()", record), "done")
            self.assertEqual(self.do(READER, "os.unlink(sys.argv[1])", record), "done")
            done = self.submit(READER, "DSno")
            self.assertEqual(done.returncode, harness.PERMISSION)
            self.assertIn("attestrd-submit", done.stderr)
            for folder in ("rejected", "refused"):
                self.assertEqual(self.do(READER, "os.listdir(sys.argv[1])", self.spool / folder),
                                 "EACCES")
        with self.case("an operator reads what was refused, and no result"):
            self.assertEqual(self.write_file(BOB, "bad", "no id at all\n"), "done")
            soon(lambda: (self.spool / "refused/bad").exists(), "refused/bad")
            self.assertEqual(self.do(OPERATOR, "open(sys.argv[1]).read()",
                                     self.spool / "refused/bad"), "done")
            self.assertEqual(self.do(OPERATOR, "os.listdir(sys.argv[1])", self.spool / "results"),
                             "EACCES")
            done = self.attestrd("status", "--config", self.config, under=as_user(OPERATOR),
                                 cwd="/")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_submission_waits_for_no_timer(self):
        daemon = self.start_service()
        renamed_at = {}
        code = ("d = sys.argv[1]\n    for n in range(int(sys.argv[2])):\n"
                "        import time; p = f'{d}/.new{n}'\n"
                "        f = os.open(p, os.O_WRONLY | os.O_CREAT, 0o640)\n"
                "        os.write(f, f'DSn{n}\\n'.encode()); os.close(f)\n"
                "        os.rename(p, f'{d}/new{n}'); print(n, time.time()); time.sleep(0.02)")
        lines = self.do(ALICE, code, self.inbox, SUBMISSIONS).splitlines()
        for line in lines[:-1]:
            number, moment = line.split()
            renamed_at[f"DSn{number}"] = float(moment)
        self.wait_for_results(renamed_at)
        delays = [seconds_of(line["time"]) - renamed_at[line["handshake"]]
                  for line in daemon.log("inbox.accepted")]
        self.assertEqual(len(delays), SUBMISSIONS)
        median = 1000 * statistics.median(delays)
        harness.report(f"from the rename by another user until accepted: median {median:.1f} ms")
        if harness.checks_bounds():
            self.assertLess(median, MEDIAN_MS, "a timer is in the path")


def seconds_of(time):
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    harness.main()
