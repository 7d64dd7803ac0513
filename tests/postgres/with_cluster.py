"""Runs a program with a private PostgreSQL cluster: with_cluster.py PROGRAM [ARGUMENT...]

The program finds the cluster in these environment variables:
  ATTESTRD_POSTGRES            the URI of the database, over the unix socket
  ATTESTRD_PGBOUNCER           the same through PgBouncer in transaction mode
  ATTESTRD_POSTGRES_ADMIN      the URI for the superuser
  ATTESTRD_POSTGRES_TLS        the port on 127.0.0.1, where the server has a certificate for
                               localhost
  ATTESTRD_POSTGRES_CA         the file that vouches for it
  ATTESTRD_PGBOUNCER_TCP       a port on 127.0.0.1 without TLS
  ATTESTRD_POSTGRES_PASSWORD   the password of the user `locked`

A server that the program kills is started again.
"""

import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import supervisor  # noqa: E402
from cluster import PASSWORD, Cluster  # noqa: E402


def keep_running(cluster, has_ended):
    while not has_ended.wait(0.05):
        if not cluster.process.is_running():
            cluster.start()


def main():
    with Cluster(fsync=False, tls=True) as cluster:
        cluster.start_bouncer()
        environment = {
            **os.environ, "ATTESTRD_POSTGRES": cluster.uri(),
            "ATTESTRD_PGBOUNCER": cluster.uri(cluster.bouncer_port),
            "ATTESTRD_POSTGRES_ADMIN": cluster.uri().replace("attestrd@", "postgres@"),
            "ATTESTRD_POSTGRES_TLS": str(cluster.port),
            "ATTESTRD_POSTGRES_CA": str(cluster.certificate),
            "ATTESTRD_PGBOUNCER_TCP": str(cluster.bouncer_port),
            "ATTESTRD_POSTGRES_PASSWORD": PASSWORD}
        has_ended = threading.Event()
        keeper = threading.Thread(target=keep_running, args=(cluster, has_ended))
        keeper.start()
        code = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        has_ended.set()
        keeper.join()
        if code:
            print(cluster.process.err.read_text()[-4000:], file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    supervisor.run(main)
