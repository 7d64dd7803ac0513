"""Runs the nginx that stands in for Attestr: one process, TLS 1.3, answers from memory, persistent
connections without a limit.

All clients use the same server, so that each gets the same bytes over the same cipher. The number
of requests is the server's own count of answered ones.
"""

import re
import time
import urllib.request

import harness
import machine
from process_group import Process
from programs import nginx_program

CIPHER = "TLS_AES_128_GCM_SHA256"
PATH = "/api/v1/public/flowx/handshake/"
MAX_WORD_BYTES = 3000  # The configuration of nginx allows 4 kB for a word.


class Upstream(Process):
    """A server that answers every request with `answer`, in which $id stands for the requested id.
    It runs on one of the given cores at a time."""

    grace_s = 5

    def __init__(self, place, cores, answer, name="upstream"):
        self.root = place.folder / name
        self.root.mkdir()
        self.errors = self.root / "not-200"
        certificate, key = place.authority.issue(name)
        self.port, self.count_port = place.reserve_port(), place.reserve_port()
        self.url = f"https://localhost:{self.port}"
        config = self.root / "nginx.conf"
        config.write_text(self._configuration(certificate, key, place.token, answer.decode()))
        super().__init__(name, [*machine.Cores.on(*cores), nginx_program(), "-e", "stderr", "-c",
                                config, "-p", self.root], place.folder)
        self.own_requests = 0
        place.start(self)
        harness.eventually(self._listens, what="nginx")

    def answered(self):
        """Returns the number of requests of clients so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.count_port}/", timeout=10) as reply:
            text = reply.read().decode()
        self.own_requests += 1
        total = int(re.search(r"^ \d+ \d+ (\d+)", text, re.MULTILINE).group(1))
        return total - self.own_requests

    def wait_for_requests(self, count, client, within=60):
        """Waits until this many further requests of the client have been answered."""
        last = self.answered() + count
        deadline = time.monotonic() + within
        while self.answered() < last:
            if not client.is_running():
                raise RuntimeError(f"{client.popen.args} has ended: {client.err.read_text()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"fewer than {count} requests within {within} s: "
                                   f"{client.err.read_text()}")
            time.sleep(0.001)

    def expect_no_error(self):
        """Raises an error if an answer had another status than 200: such answers cost a client
        less."""
        if self.errors.stat().st_size:
            raise RuntimeError(f"answers other than 200: {self.errors.read_text()[:500]}")

    def _configuration(self, certificate, key, token, answer):
        parts = [answer[at:at + MAX_WORD_BYTES] for at in range(0, len(answer), MAX_WORD_BYTES)]
        sets = " ".join(f"set $part{number} '{part}';" for number, part in enumerate(parts))
        whole = "".join(f"${{part{number}}}" for number in range(len(parts)))
        places = "".join(f"{kind}_temp_path {self.root}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
daemon off; master_process off; pid {self.root}/pid;
events {{ worker_connections 1024; }}
http {{
  map $status $is_bad {{ 200 0; default 1; }}
  access_log {self.errors} combined if=$is_bad; {places}
  types {{ }} default_type application/json;
  keepalive_requests 1000000000; keepalive_time 100h; keepalive_timeout 1h;
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites {CIPHER};
    location ~ ^{PATH}(?<id>[A-Za-z0-9_-]+)$ {{
      if ($http_authorization != "Basic {token}") {{ return 401; }}
      {sets} return 200 {whole};
    }}
  }}
  server {{ listen 127.0.0.1:{self.count_port}; location / {{ stub_status; }} }}
}}
"""

    def _listens(self):
        if not self.is_running():
            raise RuntimeError(self.err.read_text())
        try:
            return self.answered() >= 0
        except OSError:
            return False
