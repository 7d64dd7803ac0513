"""Tests a fleet with a node whose wall clock is hours off: clocks decide nothing about its life."""

import os
import struct
import time

from fleet_fixture import FleetFixture, harness

SHIM = harness.BUILD / "tests/e2e/libclock_shim.so"
HOUR = 3600


class FleetClockTest(FleetFixture):
    def test_a_node_whose_clock_is_off_lives_like_the_others(self):
        self.begin("--law", "uniform:1,8", nodes=("a", "b"))
        offset = self.folder / "offset"
        offset.write_bytes(struct.pack("=q", 3 * HOUR))
        config = self.write_config(
            self.simulator.url, name="late.toml",
            paths={"inbox": str(self.folder / "late/inbox"), "spool": str(self.folder / "late"),
                   "queue": str(self.folder / "late.db")},
            admin={"socket": str(self.folder / "late.sock")}, **self.changes("late"))
        (self.folder / "late/inbox").mkdir(parents=True)
        late = self.start_daemon(config, name="late", env={
            **os.environ, "LD_PRELOAD": str(SHIM), "CLOCK_SHIM": str(offset)})
        late.spool, late.config_file = self.folder / "late", config
        self.nodes["late"] = late
        late.wait_for("fleet.entered")
        ids = [f"DS{name}{i}" for name in self.nodes for i in range(40)]
        for name in self.nodes:
            self.submit(name, [one for one in ids if one.startswith(f"DS{name}")])
        time.sleep(2.5)
        offset.write_bytes(struct.pack("=q", -5 * HOUR))
        self.wait_for_all(ids)
        self.assertTrue(all(node["alive"] for node in self.status().values()))
        for node in self.nodes.values():
            self.assertEqual(node.log("fleet.node_dead") + node.log("fleet.lease_ended"), [])
        self.assertTrue(late.log("clock.jumped"))
        # Its handshakes are those of others when it dies.
        self.submit("late", ["DSlast"])
        late.wait_for("inbox.accepted", times=2)
        late.kill()
        self.wait_for_all([*ids, "DSlast"])


if __name__ == "__main__":
    harness.main()
