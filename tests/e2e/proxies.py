"""Starts real forward proxies in the folder of a fixture: tinyproxy and squid."""

import os
import shutil
import socket
import subprocess

from process_group import Process
from test_environment import eventually

USER, PASSWORD = "proxy-user", "proxy-password-4711"


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Proxy(Process):
    """A proxy on a port of its own; `port` is that of an earlier one that it replaces."""

    def __init__(self, fixture, program, flags, auth, port, refuses):
        self.port = port or fixture.reserve_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = fixture.folder / f"{program}-{self.port}"
        self.folder.mkdir(exist_ok=True)
        self.request_log = self.folder / "requests"
        config = self.folder / "configuration"
        config.write_text(self.configuration(auth, refuses))
        path = shutil.which(program, path="/usr/sbin:/usr/bin")
        if not path:
            raise FileNotFoundError(f"the program {program} is not installed")
        super().__init__(f"{program}-{self.port}", [path, *flags, config], fixture.folder)
        eventually(self._listens, what=program)

    def _listens(self):
        if not self.is_running():
            raise AssertionError(self.out.read_text() + self.err.read_text())
        return is_listening(self.port)


class Tinyproxy(Proxy):
    def __init__(self, fixture, auth=False, port=None, refuses=False):
        super().__init__(fixture, "tinyproxy", ["-d", "-c"], auth, port, refuses)

    def configuration(self, auth, refuses):
        lines = [f"Port {self.port}", "Listen 127.0.0.1", "Timeout 600", "MaxClients 200",
                 f'LogFile "{self.request_log}"', "LogLevel Connect"]
        if auth:
            lines.append(f"BasicAuth {USER} {PASSWORD}")
        if refuses:
            lines.append("ConnectPort 1")
        return "\n".join(lines) + "\n"


class Squid(Proxy):
    """squid gives up the rights of root: its folder belongs to its user."""

    AUTHENTICATOR = "/usr/lib/squid/basic_ncsa_auth"

    def __init__(self, fixture, auth=False, port=None, refuses=False):
        if os.geteuid() == 0:
            fixture.folder.chmod(0o711)
        super().__init__(fixture, "squid", ["-N", "-f"], auth, port, refuses)

    def configuration(self, auth, refuses):
        if os.geteuid() == 0:
            shutil.chown(self.folder, "proxy", "proxy")
        lines = [f"http_port 127.0.0.1:{self.port}", "pid_filename none", "cache deny all",
                 "visible_hostname localhost", "shutdown_lifetime 0 seconds",
                 f"coredump_dir {self.folder}", f"cache_log {self.folder}/log",
                 f"access_log stdio:{self.request_log}", "netdb_filename none"]
        if auth:
            users = self.folder / "users"
            coded = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, text=True,
                                   capture_output=True).stdout
            users.write_text(f"{USER}:{coded}")
            users.chmod(0o644)
            lines += [f"auth_param basic program {self.AUTHENTICATOR} {users}",
                      "auth_param basic children 1", "acl known proxy_auth REQUIRED",
                      "http_access deny !known"]
        lines.append("http_access deny all" if refuses else "http_access allow all")
        return "\n".join(lines) + "\n"
