"""Tests that api.answer_memory bounds the memory of all answers, however many arrive at once."""

import itertools

import harness
from hostile_server import HostileServer, Reply, context_of

MIB = 1 << 20
CONNECTIONS = 64
FILLER = b"x" * MIB


def settings(answer_memory, **api):
    return {
        "api": {"requests_per_second": 0, "connections": CONNECTIONS, "connect_timeout": "60s",
                "request_timeout": "120s", "answer_memory": answer_memory, **api},
        "poll": {"cadence": "exponential", "min_interval": "1s", "backoff_factor": 100,
                 "shutdown_grace": "1ms"},
    }


class AnswerMemoryTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.is_checked = harness.checks_bounds()

    def start_with(self, play, config):
        server = HostileServer(context_of(*self.authority.issue("server")), play)
        self.addCleanup(server.close)
        daemon = self.start_daemon(self.write_config(server.url, base=config))
        self.base_mib = daemon.resident_mib()
        return daemon

    def assert_bounded(self, daemon, most_mib):
        most = daemon.resident_mib("VmHWM")
        harness.report(f"{self.id()}: {self.base_mib:.0f} MiB at first, {most:.0f} MiB at most")
        if self.is_checked:
            self.assertLess(most, self.base_mib + most_mib)

    def pending_answer(self, handshake, turn):
        """Returns a small answer at first, so that all connections are in use; then one of 16 MiB,
        half of them without a length."""
        body = self.answer(handshake)
        head = b"HTTP/1.1 200 OK\r\n"
        if turn == 0:
            return Reply(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        body = body[:-1] + b',"filler":"'
        pieces = [body, *[FILLER] * 15, FILLER[:-len(body) - 2], b'"}']
        if int(handshake[2:8]) % 2:
            return Reply([head + b"Content-Length: %d\r\n\r\n" % (16 * MIB), *pieces])
        return Reply(itertools.chain(
            [head + b"Transfer-Encoding: chunked\r\n\r\n"],
            (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces), [b"0\r\n\r\n"]))

    def test_answers_of_16_mib_on_64_connections(self):
        daemon = self.start_with(self.pending_answer, settings("64MiB"))
        self.drop(harness.make_ids(CONNECTIONS))
        daemon.wait_for("poll.answered", within=100, times=2 * CONNECTIONS)
        # 64 MiB, and the buffers of 64 connections, which hold up to 64 KiB of an answer each.
        self.assert_bounded(daemon, 64 + 24)
        self.assertEqual(daemon.count("poll.error"), 0)
        self.assertEqual(daemon.count("account.paused"), 0)

    def test_results_that_wait_for_the_disk(self):
        def play(handshake, turn):
            result = '{"photo":"' + "x" * (7 * MIB) + '"}'
            body = self.signed_answer(handshake, result)
            return Reply(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        daemon = self.start_with(play, settings("16MiB", max_response="8MiB"))
        ids = harness.make_ids(24)
        self.drop(ids)
        self.wait_for_results(ids, within=100)
        # 16 MiB, one record as it is written, and the buffers of the connections.
        self.assert_bounded(daemon, 16 + 8 + 12)
        self.assertEqual(daemon.count("poll.error"), 0)


if __name__ == "__main__":
    harness.main()
