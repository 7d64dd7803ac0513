"""The handshakes of one small world, and what must become of each."""

import collections
import http.client
import json
import re
import ssl


class Cast:
    """Five handshakes: two that complete, one of each other fate."""

    bad_line = 3

    def __init__(self, tagged, plain, archived, forged, touched, attestr):
        self.tagged, self.touched = tagged, touched
        self.lines = [plain, archived, forged]
        self.folders = {tagged: "results", plain: "results", archived: "archived",
                        forged: "rejected", touched: "failed"}
        self.attestr = attestr

    def batch(self):
        """The text of a submission, but for the handshake that is touched."""
        lines = ["# a comment", json.dumps({"id": self.tagged, "tag": tag_of(self.tagged)}),
                 "no/id", *self.lines]
        return "".join(f"{line}\n" for line in lines)

    def outcomes(self):
        return {handshake: "completed" if folder == "results" else folder
                for handshake, folder in self.folders.items()}

    def judge_record(self, text):
        """That a record is whole, and says what Attestr says."""
        record = json.loads(text)
        scene, handshake = self.attestr.scene, record["id"]
        scene.assertEqual(text[-2:], "}\n")
        scene.assertEqual(record["outcome"], self.outcomes()[handshake])
        if record["outcome"] in ("completed", "rejected"):
            told = re.search(r'"response":(.*)}\n\Z', text, re.DOTALL).group(1)
            scene.assertEqual(without_request_id(told), self.attestr.answer_about(handshake))


class Attestr:
    """What the stand-in says of a handshake to one who asks beside the daemon."""

    def __init__(self, scene, simulator):
        self.scene = scene
        self.port = simulator.port
        self.trust = ssl.create_default_context(cafile=scene.authority.certificate)
        self.headers = {"Authorization": f"Basic {scene.token}",
                        "Content-Type": "application/json"}
        self.answers = {}

    def answer_about(self, handshake):
        """But for the id of the request, it is always the same once the handshake has ended."""
        if handshake not in self.answers:
            connection = http.client.HTTPSConnection("localhost", self.port, context=self.trust)
            connection.request("GET", f"/api/v1/public/flowx/handshake/{handshake}",
                               headers=self.headers)
            answer = connection.getresponse().read().decode()
            connection.close()
            self.scene.assertIn('"resultSignature":"', answer.replace(" ", ""))
            self.answers[handshake] = without_request_id(answer)
        return self.answers[handshake]


def without_request_id(answer):
    return re.sub(r'"requestId": ?"[^"]*"', '"requestId":""', answer)


def tag_of(handshake):
    return f"tag of {handshake}"


def make_casts(ids, fates, attestr):
    """One cast after another, until the ids of some fate run out."""
    by_fate = collections.defaultdict(list)
    for handshake in ids:
        by_fate[fates[handshake]].append(handshake)
    complete = iter(by_fate["completes"])
    others = (by_fate[fate] for fate in ("archived", "forged", "unknown"))
    return (Cast(*handshakes, attestr) for handshakes in zip(complete, complete, *others))
