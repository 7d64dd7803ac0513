"""Tests many files that appear in the inbox while the daemon is stopped."""

import os
import pathlib
import signal
import time

import harness
from hostile_fixture import HostileFixture, most_resident_mib, soon
from test_environment import cpu_seconds

COUNT = 1_000_000 if harness.IS_LONG else 20_000
# A file costs an open, some status calls, a row, a log line and a removal. The bound is on CPU
# time: the elapsed time depends on the disk.
WORK_S = COUNT / 2000
RESIDENT_MIB = 64 + COUNT / 2000
NAMESAKES = 5_000
BAD_FILES = 100_000 if harness.IS_LONG else 15_000
MOST_REFUSED = 10_000
WORK_FOR_NAMESAKES_S = 10


class ManyFilesTest(HostileFixture):
    def setUp(self):
        super().setUp()
        url = self.start_simulator("--never", "1").url
        self.daemon = self.start_daemon(self.write_quiet_config(
            url, api={"requests_per_second": 20},
            poll={"min_interval": "2s", "max_interval": "30m"}))

    def process_files(self, names, within):
        """Creates empty files while the daemon is stopped (SIGSTOP). Returns the time and the CPU
        time that it needs for them."""
        self.daemon.send(signal.SIGSTOP)
        for name in names:
            os.close(os.open(self.inbox / name, os.O_WRONLY | os.O_CREAT, 0o640))
        time.sleep(1)  # Waits until their last event is old enough.
        start, work = time.monotonic(), cpu_seconds(self.daemon)
        self.daemon.send(signal.SIGCONT)
        harness.eventually(
            lambda: harness.is_inbox_empty(self.inbox) or not self.daemon.is_running(), within,
            "an empty inbox")
        self.assertTrue(self.daemon.is_running())
        return time.monotonic() - start, cpu_seconds(self.daemon) - work

    def test_files_named_like_ids(self):
        with self.case(f"{COUNT} empty files, more than the event queue of inotify holds"):
            limit = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
            self.assertGreater(2 * COUNT, limit, "each file is two events")
            seconds, work = self.process_files(harness.make_ids(COUNT), 10 * WORK_S)
            soon(lambda: self.daemon.status()["pending"] == COUNT, "acceptance")
            resident = most_resident_mib(self.daemon)
            harness.report(f"{COUNT} empty files accepted in {seconds:.1f} s, CPU {work:.1f} s, "
                         f"{resident:.0f} MiB at most")
            if harness.checks_bounds():
                self.assertLessEqual(work, WORK_S)
                self.assertLessEqual(resident, RESIDENT_MIB)
        with self.case("new files are accepted afterwards"):
            self.drop(["DSlater"])
            soon(lambda: self.daemon.status()["pending"] == COUNT + 1, "the last one")
        with self.case("each has a log line, or is counted as dropped from the log"):
            soon(lambda: self.lines_of_the_log() >= COUNT + 1, "the last line")
            self.assertEqual(self.lines_of_the_log(), COUNT + 1)
            self.assertEqual(self.daemon.count("inbox.refused"), 0)
        self.assertEqual(self.daemon.stop(), 0)

    def lines_of_the_log(self):
        dropped = sum(line["count"] for line in self.daemon.log("log.dropped"))
        return self.daemon.count("inbox.accepted") + dropped

    def test_a_good_submission_among_bad_ones(self):
        with self.case(f"one submission among {BAD_FILES} files that are none"):
            self.daemon.send(signal.SIGSTOP)
            for number in range(BAD_FILES):
                os.symlink("nowhere", self.inbox / f"bad{number:06}")
            self.daemon.send(signal.SIGCONT)
            start = time.monotonic()
            self.drop(["DSgood"])
            self.daemon.wait_for("inbox.accepted")
            refused = len(os.listdir(self.spool / "refused"))
            harness.report(f"accepted after {time.monotonic() - start:.2f} s, {refused} refused")
            self.assertLess(refused, MOST_REFUSED, "it came last")
        with self.case("refused/ has a bound"):
            soon(lambda: len(os.listdir(self.spool / "refused")) == MOST_REFUSED, "a full refused/")
            self.assert_calm(self.daemon)
            self.assertEqual(len(os.listdir(self.spool / "refused")), MOST_REFUSED)
            self.assertEqual(len(harness.in_inbox(self.inbox)), BAD_FILES - MOST_REFUSED)
        self.assertEqual(self.daemon.stop(), 0)

    def test_files_with_the_same_name_in_refused(self):
        """Tests long names, which are truncated, so that all of these have the same name in
        refused/."""
        with self.case(f"{NAMESAKES} empty files of no id"):
            names = ("x" * 220 + f"{number:05}" for number in range(NAMESAKES))
            seconds, work = self.process_files(names, 100)
            harness.report(f"{NAMESAKES} namesakes refused in {seconds:.1f} s with {work:.1f} s of "
                         "work")
            self.assertEqual(len(os.listdir(self.spool / "refused")), NAMESAKES)
            if harness.checks_bounds():
                self.assertLessEqual(work, WORK_FOR_NAMESAKES_S)
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    harness.main()
