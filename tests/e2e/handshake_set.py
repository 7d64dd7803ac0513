"""Provides the handshakes of one run with faults, and the expected outcome of each."""

import collections
import http.client
import json
import re
import socket
import ssl


class HandshakeSet:
    """Five handshakes: two that complete, and one for each other outcome."""

    bad_line = 3

    def __init__(self, tagged, plain, archived, forged, touched, attestr):
        self.tagged, self.touched = tagged, touched
        self.lines = [plain, archived, forged]
        self.folders = {tagged: "results", plain: "results", archived: "archived",
                        forged: "rejected", touched: "failed"}
        self.attestr = attestr

    def batch(self):
        """Returns the text of a submission; the handshake `touched` is submitted as an empty
        file."""
        lines = ["# a comment", json.dumps({"id": self.tagged, "tag": tag_of(self.tagged)}),
                 "no/id", *self.lines]
        return "".join(f"{line}\n" for line in lines)

    def outcomes(self):
        return {handshake: "completed" if folder == "results" else folder
                for handshake, folder in self.folders.items()}

    def check_record(self, text):
        """Checks that a record is complete and has the answer of Attestr."""
        record = json.loads(text)
        fixture, handshake = self.attestr.fixture, record["id"]
        fixture.assertEqual(text[-2:], "}\n")
        fixture.assertEqual(record["outcome"], self.outcomes()[handshake])
        if record["outcome"] in ("completed", "rejected"):
            response = re.search(r'"response":(.*)}\n\Z', text, re.DOTALL).group(1)
            fixture.assertEqual(without_request_id(response), self.attestr.answer_about(handshake))


class Attestr:
    """A client of the stand-in, independent of the daemon."""

    def __init__(self, fixture, simulator):
        self.fixture = fixture
        self.port = simulator.port
        self.trust = ssl.create_default_context(cafile=fixture.authority.certificate)
        self.headers = {"Authorization": f"Basic {fixture.token}",
                        "Content-Type": "application/json"}
        self.answers = {}

    def answer_about(self, handshake):
        """Returns the answer for an ended handshake; only its requestId differs from request to
        request."""
        if handshake not in self.answers:
            # The system may know no host named localhost.
            server = socket.create_connection(("127.0.0.1", self.port))
            connection = http.client.HTTPConnection("localhost", self.port)
            connection.sock = self.trust.wrap_socket(server, server_hostname="localhost")
            connection.request("GET", f"/api/v1/public/flowx/handshake/{handshake}",
                               headers=self.headers)
            answer = connection.getresponse().read().decode()
            connection.close()
            self.fixture.assertIn('"resultSignature":"', answer.replace(" ", ""))
            self.answers[handshake] = without_request_id(answer)
        return self.answers[handshake]


def without_request_id(answer):
    return re.sub(r'"requestId": ?"[^"]*"', '"requestId":""', answer)


def tag_of(handshake):
    return f"tag of {handshake}"


def make_sets(ids, fates, attestr):
    """Returns sets of handshakes, until the ids of one outcome are used up."""
    by_fate = collections.defaultdict(list)
    for handshake in ids:
        by_fate[fates[handshake]].append(handshake)
    complete = iter(by_fate["completes"])
    others = (by_fate[fate] for fate in ("archived", "forged", "unknown"))
    return (HandshakeSet(*handshakes, attestr) for handshakes in zip(complete, complete, *others))
