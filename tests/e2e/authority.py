"""Issues certificates for tests with openssl."""

import pathlib
import subprocess
import tempfile

EC_KEY = "ec", "-pkeyopt", "ec_paramgen_curve:P-256"
PAST = "20200101000000Z", "20200102000000Z"
FUTURE = "20980101000000Z", "20990101000000Z"


class Authority:
    """A certificate authority."""

    def __init__(self, folder, name="ca", path=None):
        self.folder = folder
        self.certificate, self.key = path or (folder / f"{name}.pem", folder / f"{name}.key")
        if not path:
            self._openssl("req", "-x509", *new_key(self.key), "-out", self.certificate,
                          "-days", "2", "-subj", f"/CN=attestrd test {name}")

    def subordinate(self, name, *more, is_ca=True):
        """Returns an intermediate authority whose certificate has `more` extensions."""
        extensions = [f"basicConstraints=critical,CA:{str(is_ca).upper()}", *more]
        return Authority(self.folder, path=self.issue(name, extensions=extensions,
                                                      subject=f"/CN={name}"))

    def issue(self, name, host="localhost", extensions=None, subject="/CN=server", key_type=EC_KEY,
              digest="sha256", period=None):
        """Issues a certificate for a server; returns the paths of it and its key. `period`: the
        beginning and the end of its validity."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        self._openssl("req", *new_key(key, key_type), "-out", request, "-subj", subject)
        if extensions is None:
            extensions = [f"subjectAltName=DNS:{host}", "basicConstraints=CA:FALSE"]
        listed = self.folder / f"{name}.ext"
        listed.write_text("".join(f"{extension}\n" for extension in extensions))
        if period:
            self._issue_dated(request, certificate, listed, *period)
        else:
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                          self.key, "-CAcreateserial", "-out", certificate, "-days", "2",
                          "-extfile", listed, f"-{digest}")
        return certificate, key

    def self_signed(self, name, host="localhost"):
        certificate, key = (self.folder / f"{name}.{end}" for end in ("pem", "key"))
        self._openssl("req", "-x509", *new_key(key), "-out", certificate, "-days", "2",
                      "-subj", "/CN=server", "-addext", f"subjectAltName=DNS:{host}")
        return certificate, key

    def _issue_dated(self, request, certificate, extensions, first, last):
        """Issues a certificate for a past period with `openssl ca`, which needs a folder; `openssl
        x509` can't."""
        ca = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (ca / "index").touch()
        config = ca / "openssl.cnf"
        config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={ca}/index\nnew_certs_dir={ca}\n"
                          "rand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\n"
                          "commonName=optional\n")
        self._openssl("ca", "-batch", "-config", config, "-in", request, "-cert", self.certificate,
                      "-keyfile", self.key, "-out", certificate, "-extfile", extensions,
                      "-startdate", first, "-enddate", last, "-notext")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def new_key(path, key_type=EC_KEY):
    return "-newkey", *key_type, "-nodes", "-keyout", path


def chained(certificate, *authorities):
    """Writes a file with the certificate, followed by those of the authorities."""
    whole = certificate.with_suffix(".chain.pem")
    whole.write_text("".join(path.read_text() for path in (
        certificate, *(authority.certificate for authority in authorities))))
    return whole
