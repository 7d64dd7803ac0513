"""Tests the package on a bare Debian 12 that runs systemd. The tests share a machine, and run in
the order of their names."""

import re
import time

from service_fixture import CONFIG, INSTALL, SPOOL, USERS, ServiceFixture, harness, package

import debian_machine

# The unit lists each point that it gives away, with the reason.
MAX_EXPOSURE = 1.3
PENDING = 10_000
PRIORITIES = {"debug": "7", "info": "6", "warn": "4", "error": "3"}
DROP_IN = "/etc/systemd/system/attestrd.service.d/test.conf"


class ServiceTest(ServiceFixture):
    def test_01_installation_starts_nothing_and_fails_nothing(self):
        type(self).installed_at = time.monotonic()
        said = self.run_there(*INSTALL, self.package)
        self.assertIn("systemctl enable --now attestrd", said)
        harness.report(f"apt-get install: {time.monotonic() - self.installed_at:.1f} s")
        self.assertEqual(self.container.property("ActiveState"), "inactive")
        with self.subTest("without secrets the service does not start, and says why"):
            self.systemctl("start", "attestrd", code=1)
            self.systemctl("stop", "attestrd")
            self.systemctl("reset-failed")

    def test_02_first_result(self):
        self.write_secrets()
        self.write_config()
        self.make_users()
        self.run_there("attestrd", "check-config", "--connect")
        self.systemctl("enable", "--now", "attestrd")
        self.submit("DSfirst")
        self.wait_for_results(["DSfirst"])
        harness.report("from the start of apt-get install to the first result: "
                       f"{time.monotonic() - self.installed_at:.1f} s")

    def test_03_users_do_what_their_group_may_and_no_more(self):
        record = f"{SPOOL}/results/DSfirst.json"
        roles = {  # Each command with the users who may run it.
            "attestrd submit DSby{user}": {"submitter", "operator"},
            f"cat {record}": {"reader", "operator"},
            f"ls {SPOOL}/failed": {"reader", "operator"},
            f"touch {SPOOL}/archived/.by{{user}}": {"reader", "operator"},
            f"ls {SPOOL}/rejected": {"overseer", "operator"},
            "attestrd status": {"overseer", "operator"},
            f"ls {SPOOL}/inbox": set(), f"ls {SPOOL}/staging": set(), "ls /var/lib/attestrd": set(),
            "cat /etc/attestrd/auth-token": set(),
        }
        for user in USERS:
            for command, users in roles.items():
                done = self.container.try_run(*command.format(user=user).split(), user=user)
                self.assertEqual(done.returncode == 0, user in users,
                                 (user, command, done.stdout))
        with self.subTest("the daemon has one capability, and can't get another"):
            status = self.run_there("cat", f"/proc/{self.pid()}/status")
            self.assertRegex(status, r"CapEff:\t0000000010000000\n")
            self.assertRegex(status, r"CapBnd:\t0000000010000000\n")
            self.assertRegex(status, r"NoNewPrivs:\t1\n")
            self.assertRegex(status, r"Seccomp:\t2\n")

    def test_04_reload_with_a_good_and_a_bad_file(self):
        pid = self.pid()
        self.write_config(api={"connections": 7})
        self.systemctl("reload", "attestrd")
        self.wait_for_log("config.reloaded")
        self.container.write(CONFIG, "[api]\nconnections = 'many'\n")
        self.systemctl("reload", "attestrd", code=1)
        self.assertEqual((self.pid(), self.container.property("ActiveState")), (pid, "active"))
        self.submit("DSafterbadfile")
        self.wait_for_results(["DSafterbadfile"])
        self.write_config()
        self.systemctl("reload", "attestrd")

    def test_05_rotation_of_the_client_secret(self):
        """While both secrets are in the file, results signed with either are valid."""
        old = self.world.secret
        self.world.secret_file.write_text(f"a-new-secret\n{old}\n")
        self.write_secrets()
        self.systemctl("restart", "attestrd")
        self.submit("DSold")
        self.wait_for_results(["DSold"])
        self.world.secret_file.write_text("a-new-secret\n")
        self.simulator.stop()
        self.start_attestr("rotated")
        self.submit("DSnew")
        self.wait_for_results(["DSnew"])
        self.assertEqual(self.results("rejected"), set())

    def test_06_encrypted_credentials(self):
        for name in ("auth-token", "client-secret"):
            self.run_there("systemd-creds", "encrypt", f"--name={name}", f"/etc/attestrd/{name}",
                           f"/etc/attestrd/{name}.cred")
            self.run_there("rm", f"/etc/attestrd/{name}")
        self.container.write(DROP_IN, "[Service]\nLoadCredential=\n" + "".join(
            f"LoadCredentialEncrypted={name}:/etc/attestrd/{name}.cred\n"
            for name in ("auth-token", "client-secret")))
        self.systemctl("daemon-reload")
        self.systemctl("restart", "attestrd")
        self.submit("DSencrypted")
        self.wait_for_results(["DSencrypted"])
        self.run_there("rm", DROP_IN)
        self.write_secrets()
        self.systemctl("daemon-reload")
        self.systemctl("restart", "attestrd")

    def test_07_a_killed_daemon_comes_back(self):
        pid = self.pid()
        self.send("KILL", pid)
        self.submit("DSkilled")
        self.wait_for_new_process(pid)
        self.wait_for_results(["DSkilled"])

    def test_08_the_watchdog_ends_a_stopped_daemon(self):
        self.container.write(DROP_IN, "[Service]\nWatchdogSec=2s\nRestartSec=100ms\n")
        self.systemctl("daemon-reload")
        self.systemctl("restart", "attestrd")
        pid = self.pid()
        self.send("STOP", pid)
        self.submit("DSstopped")
        self.wait_for_new_process(pid)
        self.wait_for_results(["DSstopped"])
        self.assertIn("Watchdog timeout", self.run_there("journalctl", "-q", "-u", "attestrd"))
        self.run_there("rm", DROP_IN)
        self.systemctl("daemon-reload")
        self.systemctl("restart", "attestrd")

    def test_09_full_disk(self):
        self.systemctl("stop", "attestrd")
        self.run_there("mount", "-t", "tmpfs", "-o", "size=2M", "small", SPOOL)
        self.run_there("systemd-tmpfiles", "--create", "attestrd.conf")
        self.systemctl("start", "attestrd")
        self.run_there("sh", "-c", f"cat /dev/zero >{SPOOL}/fill; test -s {SPOOL}/fill")
        self.run_there("touch", f"{SPOOL}/inbox/DSfull", user="submitter")
        self.wait_for_log("disk.full")
        self.assertEqual(self.results(), set())
        self.assertEqual(self.container.property("ActiveState"), "active")
        self.run_there("rm", f"{SPOOL}/fill")
        self.wait_for_results(["DSfull"])
        self.systemctl("stop", "attestrd")
        self.run_there("umount", SPOOL)
        self.systemctl("start", "attestrd")

    def test_10_priorities_of_the_journal(self):
        lines = [(line["level"], priority) for line, priority in self.log_lines()]
        self.assertEqual({level for level, _ in lines} & {"info", "error"}, {"info", "error"})
        for level, priority in lines:
            self.assertEqual(priority, PRIORITIES[level])

    def test_11_an_upgrade_with_ten_thousand_pending(self):
        self.run_there("attestrd", "pause", user="overseer")
        ids = harness.make_ids(PENDING)
        self.submit(*ids)
        harness.eventually(lambda: self.status()["pending"] == PENDING, what="all pending")
        pid = self.pid()
        newer = package.with_version(package.find()[0], "1.0.1", self.world.folder)
        started_at = time.monotonic()
        self.run_there(*INSTALL, self.container.machine.add(newer))
        took = time.monotonic() - started_at
        self.assertNotIn(self.pid(), (0, pid))
        self.assertEqual(self.status()["pending"], PENDING)
        self.run_there("attestrd", "resume", user="overseer")
        self.wait_for_results(ids)
        harness.report(f"upgrade with {PENDING} pending: {took:.1f} s")
        wanted = set(ids)
        polls = [one["id"] for one in self.simulator.requests() if one["id"] in wanted]
        self.assertEqual(len(polls), PENDING, "some were polled twice")

    def test_12_exposure(self):
        for flags in ([], ["--offline=true"]):
            unit = "/usr/lib/systemd/system/attestrd.service" if flags else "attestrd.service"
            said = self.run_there("systemd-analyze", "security", "--no-pager", *flags, unit)
            exposure = float(re.search(r"exposure level .*: ([\d.]+)", said).group(1))
            harness.report(f"systemd-analyze security {' '.join(flags)}: {exposure}")
            self.assertLessEqual(exposure, MAX_EXPOSURE, said)

    def test_13_verification_of_the_units_prints_nothing(self):
        done = self.container.try_run("systemd-analyze", "verify", "attestrd.service",
                                      "attestrd@bank.service")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_14_removal_stops_the_service_and_keeps_the_results(self):
        self.run_there("apt-get", "remove", "--yes", "attestrd")
        self.assertEqual(self.container.property("ActiveState"), "inactive")
        self.assertIn("DSfirst", self.results())
        failed = self.run_there("systemctl", "list-units", "--failed", "--plain", "--no-legend")
        self.assertEqual(failed, "")


if __name__ == "__main__":
    debian_machine.enter_namespace()
    harness.main()
