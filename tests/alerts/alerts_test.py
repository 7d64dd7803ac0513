"""Tests the alerts and the dashboard for Prometheus and Grafana with promtool, and that they use
only metrics, labels and values that attestrd has. Usage: alerts_test.py CHECKOUT"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CHECKOUT = None

# Prometheus adds these to each metric.
LABELS_OF_PROMETHEUS = {"job", "instance"}
METRICS_OF_PROMETHEUS = {"up": {}}


def read(path):
    return (CHECKOUT / path).read_text()


def known_metrics():
    """Returns the labels of each metric with their values, as metrics.def declares them."""
    metrics = dict(METRICS_OF_PROMETHEUS)
    text = "\n".join(line for line in read("lib/metrics/metrics.def").splitlines()
                     if not line.startswith("//"))
    for kind, row in re.findall(r"^(METRIC|HISTOGRAM)\((.+?)\)$", text, re.MULTILINE | re.DOTALL):
        name, *rest = re.findall(r'"([^"]*)"(?!\s*")', re.sub(r'"\s*\n\s*"', "", row))
        if kind == "HISTOGRAM":
            metrics.update({name + part: {"le": None} for part in ("_bucket", "_sum", "_count")})
            continue
        labels = rest[1].split(",") if len(rest) > 1 else []
        values = list(zip(*(value.split(",") for value in rest[2:]))) or [None] * len(labels)
        metrics[name] = {label: values[i] for i, label in enumerate(labels)}
    return metrics


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          check=False)


class Expressions:
    """The expressions of a file, with the names and matchers that they use."""

    SELECTOR = re.compile(r"\b((?:attestrd|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?")
    MATCHER = re.compile(r'([a-z_]+)(=~|!=|!~|=)"([^"]*)"')

    def __init__(self, expressions):
        self.expressions = expressions

    def faults(self, metrics):
        """Yields what does not exist."""
        for expression in self.expressions:
            for name, matchers in self.SELECTOR.findall(expression):
                if name not in metrics:
                    yield f"no metric {name}"
                    continue
                for label, relation, value in self.MATCHER.findall(matchers):
                    if label in LABELS_OF_PROMETHEUS:
                        continue
                    if label not in metrics[name]:
                        yield f"{name} has no label {label}"
                    elif relation == "=" and value not in metrics[name][label]:
                        yield f"{name} has no value {label}={value}"


class AlertsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rules = read("config/prometheus-alerts.yml")
        self.metrics = known_metrics()

    def test_the_table_of_metrics_is_understood(self):
        self.assertEqual(self.metrics["attestrd_spool_waiting"],
                         {"folder": ("results", "archived", "failed", "rejected")})
        self.assertIn("not_found", self.metrics["attestrd_handshakes_ended_total"]["reason"])
        self.assertIn("attestrd_sync_duration_seconds_bucket", self.metrics)
        self.assertEqual(self.metrics["attestrd_due_lag_seconds"], {})

    def test_the_alerts_are_valid_and_pass_their_unit_tests(self):
        for arguments in (("check", "rules", CHECKOUT / "config/prometheus-alerts.yml"),
                          ("test", "rules", CHECKOUT / "tests/alerts/alerts_test.yml")):
            done = promtool(*arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_alert_has_a_unit_test(self):
        alerts = set(re.findall(r"- alert: (\w+)", self.rules))
        tested = set(re.findall(r'alertname="(\w+)", alertstate="firing", [^\n]*\n *value: 1',
                                read("tests/alerts/alerts_test.yml")))
        self.assertGreater(len(alerts), 10)
        self.assertEqual(alerts, tested)

    def test_alerts_use_what_exists(self):
        expressions = re.findall(r"^ +expr: (.+?)\n +(?:for|labels):", self.rules,
                                 re.MULTILINE | re.DOTALL)
        self.assertEqual(len(expressions), self.rules.count("- alert: "))
        self.assertEqual(list(Expressions(expressions).faults(self.metrics)), [])

    def test_what_does_not_exist_is_found(self):
        wrong = ['attestrd_nothing > 0', 'attestrd_due_lag_seconds{folder="results"}',
                 'attestrd_spool_waiting{folder="inbox"}', 'attestrd_spool_waiting{folder=~"x"}']
        self.assertEqual(list(Expressions(wrong).faults(self.metrics)),
                         ["no metric attestrd_nothing",
                          "attestrd_due_lag_seconds has no label folder",
                          "attestrd_spool_waiting has no value folder=inbox"])


class DashboardTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dashboard = json.loads(read("config/grafana-attestrd.json"))
        panels = self.dashboard["panels"]
        self.expressions = [target["expr"] for panel in panels
                            for target in panel.get("targets", ())]
        self.expressions += [note["expr"] for note in self.dashboard["annotations"]["list"]]

    def test_queries_use_what_exists(self):
        self.assertGreater(len(self.expressions), 20)
        queries = [variable["definition"] for variable in self.dashboard["templating"]["list"]
                   if variable["type"] == "query"]
        faults = Expressions(self.expressions + queries).faults(known_metrics())
        self.assertEqual(list(faults), [])

    def test_queries_are_valid(self):
        # As rules that record them; Grafana replaces the variables.
        rules = [{"record": f"query{i}", "expr": expression.replace("$__rate_interval", "5m")}
                 for i, expression in enumerate(self.expressions)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            done = promtool("check", "rules", file.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(rules)} rules found", done.stdout)

    def test_panels_do_not_overlap(self):
        taken = set()
        for panel in self.dashboard["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            taken |= cells


if __name__ == "__main__":
    CHECKOUT = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
