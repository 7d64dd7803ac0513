"""Certificates made on the spot."""

import pathlib
import subprocess
import tempfile


class Authority:
    """A certificate authority of our own."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        self._openssl("req", "-x509", *self._new_key(self.key), "-out", self.certificate,
                      "-days", "2", "-subj", f"/CN=attestrd test {name}")

    def issue(self, name, host="localhost", is_expired=False):
        """A certificate and its key for a server. Returns their paths."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        self._openssl("req", *self._new_key(key), "-out", request, "-subj", "/CN=server")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")
        if is_expired:
            self._issue_expired(request, certificate, extensions)
        else:
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                          self.key, "-CAcreateserial", "-out", certificate, "-days", "2",
                          "-extfile", extensions)
        return certificate, key

    def _issue_expired(self, request, certificate, extensions):
        """`openssl x509` can't date back; `openssl ca` can, and wants a folder for it."""
        ca = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (ca / "index").touch()
        config = ca / "openssl.cnf"
        config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={ca}/index\nnew_certs_dir={ca}\n"
                          "rand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\n"
                          "commonName=optional\n")
        self._openssl("ca", "-batch", "-config", config, "-in", request, "-cert", self.certificate,
                      "-keyfile", self.key, "-out", certificate, "-extfile", extensions,
                      "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext")

    @staticmethod
    def _new_key(path):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
