"""Starts the programs of a fixture: attestrd, attestr-sim and nginx."""

import base64
import json
import os
import pathlib
import shutil
import subprocess

from process_group import Process
from test_environment import ATTESTRD, ATTESTR_SIM, LONG_TIMEOUT_S, eventually, unix_get


class Daemon(Process):
    """`attestrd run` with a configuration of a fixture; `under` is the command that runs it, such
    as strace."""

    def __init__(self, name, fixture, config, *flags, program=ATTESTRD, under=(), **popen):
        super().__init__(name, [*under, program, "run", "--config", config, *flags], fixture.folder,
                         **popen)
        self.fixture = fixture
        self.config = config

    def log(self, event=None):
        """Returns the complete lines of the log so far, or those of one event."""
        text = self.out.read_text()
        lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def count(self, event):
        return len(self.log(event))

    def wait_for(self, event, within=LONG_TIMEOUT_S, times=1):
        """Waits until the event is in the log, and returns its last line."""
        def found():
            if self.count(event) >= times:
                return True
            if not self.is_running() and self.count(event) < times:
                raise AssertionError(f"attestrd ended without {event}: {self.err.read_text()}")
            return False
        eventually(found, within, event)
        return self.log(event)[-1]

    def status(self):
        return json.loads(self.fixture.attestrd("status", "--config", self.config, "--json").stdout)

    def metrics(self):
        """Returns the metrics by their names, with the labels as the text has them."""
        code, _, text = unix_get(self.fixture.folder / "control.sock", "/metrics")
        if code != 200:
            raise AssertionError(f"/metrics answers {code}: {text}")
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def resident_mib(self, key="VmRSS"):
        """Returns the resident memory; with the key "VmHWM" its peak."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise AssertionError(f"no {key}")


class Simulator(Process):
    """A process of attestr-sim."""

    def __init__(self, name, fixture, certificate, key, port, flags, address="127.0.0.1"):
        self.request_log = fixture.folder / f"{name}.requests"
        self.summary_file = fixture.folder / f"{name}.summary"
        port_file = fixture.folder / f"{name}.port"
        port_file.unlink(missing_ok=True)
        super().__init__(name, [
            ATTESTR_SIM, "--listen", f"{address}:{port}", "--port-file", port_file,
            "--cert", certificate, "--key", key, "--token-file", fixture.token_file,
            "--secret-file", fixture.secret_file, "--request-log", self.request_log,
            "--summary", self.summary_file, *flags], fixture.folder)
        eventually(lambda: port_file.exists() or not self.is_running(), what="attestr-sim")
        if not self.is_running():
            raise AssertionError(self.err.read_text())
        self.port = int(port_file.read_text())
        self.url = f"https://localhost:{self.port}"
        self.flags = flags

    def requests(self):
        return [json.loads(line) for line in self.request_log.read_text().splitlines()]

    def summary(self):
        """Ends the simulator, and returns its counts."""
        self.stop()
        return json.loads(self.summary_file.read_text())

    def fates(self, ids):
        """Returns the outcome of each handshake for a client that polls until the end."""
        out = subprocess.run([ATTESTR_SIM, "--fates", *self.flags], input="\n".join(ids), text=True,
                             capture_output=True, check=True).stdout
        return {line.split()[0]: line.split()[1] for line in out.splitlines()}


class Nginx(Process):
    """A real nginx that serves recorded answers from files, behind TLS and Basic auth. Its master
    is stopped in order, so that it ends its worker."""

    grace_s = 5

    def __init__(self, fixture):
        self.root = fixture.folder / "nginx"
        self.answers = self.root / "api/v1/public/flowx/handshake"
        self.answers.mkdir(parents=True)
        certificate, key = fixture.authority.issue("nginx")
        user, password = base64.b64decode(fixture.token).decode().split(":")
        (self.root / "users").write_text(f"{user}:{{PLAIN}}{password}\n")
        self.port = fixture.reserve_port()
        self.url = f"https://localhost:{self.port}"
        config = self.root / "nginx.conf"
        config.write_text(self._configuration(certificate, key))
        super().__init__("nginx", [nginx_program(), "-e", "stderr",
                                   "-c", config, "-p", self.root], fixture.folder)
        eventually(self._listens, what="nginx")

    def answer(self, handshake, answer):
        """Replaces the answer for a handshake; a reader gets the old or the new one, complete."""
        new = self.root / f"new.{handshake}"
        new.write_bytes(answer)
        new.rename(self.answers / handshake)

    def _configuration(self, certificate, key):
        user = "user root;" if os.getuid() == 0 else ""
        places = "".join(f"{kind}_temp_path {self.root}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
{user} daemon off; worker_processes 1; pid {self.root}/pid;
events {{ worker_connections 256; }}
http {{
  access_log {self.root}/access.log; types {{ }} default_type application/json; {places}
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    root {self.root};
    location /api/ {{
      auth_basic attestr; auth_basic_user_file {self.root}/users; error_page 404 @unknown;
    }}
    location @unknown {{ return 404 '{{"code":4002,"message":"unknown","details":null}}'; }}
  }}
}}
"""

    def _listens(self):
        if not self.is_running():
            raise AssertionError(self.err.read_text())
        pid = self.root / "pid"  # Written by nginx once it listens.
        return pid.exists() and pid.read_text() == f"{self.pid}\n"


def nginx_program():
    """Returns the path of nginx. Its folder, /usr/sbin, need not be in the PATH of a user."""
    path = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if not path:
        raise FileNotFoundError("the program nginx is not installed (package nginx-light)")
    return path
