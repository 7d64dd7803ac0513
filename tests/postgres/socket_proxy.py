"""A proxy between daemons and the unix socket of PostgreSQL, which cuts connections at a COMMIT."""

import contextlib
import selectors
import shutil
import socket
import tempfile
import threading

from test_environment import FOLDER_PREFIX

CHUNK_BYTES = 1 << 18
# A connection that has sent this writes rows; others send beats.
SIGN_OF_A_QUEUE = b"attestrd.writer"


class Pair:
    """A connection of a daemon, and the one to the server that stands for it."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.writes_rows = False
        self.is_answer_cut = False  # It ends with the server's answer to COMMIT.

    def close(self):
        self.client.close()
        self.server.close()


class SocketProxy:
    """`with SocketProxy(path) as proxy:` passes on everything between `proxy.folder` (port 1) and
    the socket at the path, until a cut is armed."""

    def __init__(self, server):
        self.server = server
        self.folder = tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}proxy-")
        self.armed = None  # Or "before" or "after": for the next COMMIT of rows.
        self.cuts = 0
        self.selector = selectors.DefaultSelector()
        self.pairs = set()
        self.is_ending = self.must_drop = False
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.folder}/.s.PGSQL.1")
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_ending = True
        self.thread.join()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def drop(self):
        """Closes all connections."""
        self.must_drop = True

    def serve(self):
        while not self.is_ending:
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.data in self.pairs:
                    self.pass_on(key.data, key.fileobj)
            if self.must_drop:
                self.must_drop = False
                for pair in list(self.pairs):
                    self.end(pair)
        for pair in list(self.pairs):
            self.end(pair)

    def accept(self):
        client, _ = self.listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(self.server))
        except OSError:
            client.close()
            server.close()
            return
        pair = Pair(client, server)
        self.pairs.add(pair)
        for end in (client, server):
            self.selector.register(end, selectors.EVENT_READ, pair)

    def end(self, pair):
        self.pairs.discard(pair)
        for end in (pair.client, pair.server):
            self.selector.unregister(end)
        pair.close()

    def pass_on(self, pair, source):
        data = b""
        with contextlib.suppress(OSError):
            data = source.recv(CHUNK_BYTES)
        if not data:
            return self.end(pair)
        if source is pair.client:
            pair.writes_rows |= SIGN_OF_A_QUEUE in data
            is_commit = pair.writes_rows and b"COMMIT\0" in data
            if is_commit and self.armed == "before":
                return self.cut(pair)
            if is_commit and self.armed == "after":
                self.armed = None
                pair.is_answer_cut = True
        elif pair.is_answer_cut:
            if b"COMMIT\0" in data:
                self.cut(pair)
            return None
        try:
            (pair.server if source is pair.client else pair.client).sendall(data)
        except OSError:
            self.end(pair)
        return None

    def cut(self, pair):
        self.armed = None
        self.cuts += 1
        self.end(pair)
