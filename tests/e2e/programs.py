"""The programs that a scene starts."""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from words import ATTESTRD, ATTESTR_SIM, PATIENCE, eventually, free_port


class Process:
    """A program under way whose output goes to files."""

    def __init__(self, name, command, folder, **popen):
        self.out = folder / f"{name}.out"
        self.err = folder / f"{name}.err"
        with open(self.out, "ab") as out, open(self.err, "ab") as err:
            self.popen = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=err, **popen)

    @property
    def pid(self):
        return self.popen.pid

    def is_running(self):
        return self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def wait(self, within=15):
        """Waits for the end, and returns the exit code."""
        return self.popen.wait(within * PATIENCE)

    def stop(self, within=15):
        if self.is_running():
            self.send(signal.SIGTERM)
        return self.wait(within)


class Daemon(Process):
    """`attestrd run` with the configuration of a scene; `under` is what runs it, say strace."""

    def __init__(self, name, scene, config, *flags, program=ATTESTRD, under=(), **popen):
        super().__init__(name, [*under, program, "run", "--config", config, *flags], scene.folder,
                         **popen)
        self.scene = scene
        self.config = config

    def log(self, event=None):
        """The lines of the log so far, or those of one event."""
        text = self.out.read_text()
        lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def count(self, event):
        return len(self.log(event))

    def says(self, event, within=15, times=1):
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
        return json.loads(self.scene.attestrd("status", "--config", self.config, "--json").stdout)

    def resident_mib(self, key="VmRSS"):
        """What it has in memory; as "VmHWM" the most that it ever had."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise AssertionError(f"no {key}")


class Simulator(Process):
    """attestr-sim."""

    def __init__(self, name, scene, certificate, key, port, flags):
        self.request_log = scene.folder / f"{name}.requests"
        self.summary_file = scene.folder / f"{name}.summary"
        port_file = scene.folder / f"{name}.port"
        port_file.unlink(missing_ok=True)
        super().__init__(name, [
            ATTESTR_SIM, "--listen", f"127.0.0.1:{port}", "--port-file", port_file,
            "--cert", certificate, "--key", key, "--token-file", scene.token_file,
            "--secret-file", scene.secret_file, "--request-log", self.request_log,
            "--summary", self.summary_file, *flags], scene.folder)
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
        """How each handshake ends for one who asks patiently."""
        out = subprocess.run([ATTESTR_SIM, "--fates", *self.flags], input="\n".join(ids), text=True,
                             capture_output=True, check=True).stdout
        return {line.split()[0]: line.split()[1] for line in out.splitlines()}


class Nginx(Process):
    """A real nginx that serves recorded answers from files, behind TLS and Basic auth."""

    def __init__(self, scene):
        self.root = scene.folder / "nginx"
        self.answers = self.root / "api/v1/public/flowx/handshake"
        self.answers.mkdir(parents=True)
        certificate, key = scene.authority.issue("nginx")
        user, password = base64.b64decode(scene.token).decode().split(":")
        (self.root / "users").write_text(f"{user}:{{PLAIN}}{password}\n")
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        config = self.root / "nginx.conf"
        config.write_text(self._configuration(certificate, key))
        super().__init__("nginx", [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr",
                                   "-c", config, "-p", self.root], scene.folder)
        eventually(self._listens, what="nginx")

    def answer(self, handshake, answer):
        """From now on this is the answer; a reader finds the old one or the new one, whole."""
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
    location /api/ {{ auth_basic attestr; auth_basic_user_file {self.root}/users; }}
  }}
}}
"""

    def _listens(self):
        if not self.is_running():
            raise AssertionError(self.err.read_text())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
