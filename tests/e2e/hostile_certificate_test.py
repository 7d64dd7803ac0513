"""Tests servers with invalid certificates: the account pauses and no token is sent, until the
server has a valid certificate."""

import harness
from authority import FUTURE, PAST, Authority, chained
from hostile_isolated import NAME, IsolatedCase, IsolatedTest
from hostile_server import context_of


class CertificateTest(IsolatedTest):
    def distrusts(self, name, error, certificate, depth=0, **more):
        context = context_of(*certificate)
        return IsolatedCase(name, openings=(lambda connection: connection.accept_tls(context),),
                            pauses=f"certificate: host {more.get('host', 'localhost')}: {error}",
                            depth=depth, **more)

    def named(self, name, *extensions, **more):
        """Returns the case of a certificate with another name than that of the host."""
        more.setdefault("subject", "/CN=localhost")
        return self.distrusts(name, "hostname mismatch", self.authority.issue(
            name, extensions=[*extensions, "basicConstraints=CA:FALSE"], **more))

    def names(self):
        name = b"localhost\0.elsewhere.example"
        with_nul = b"\x30%c\x82%c%b" % (len(name) + 2, len(name), name)  # SEQUENCE, dNSName
        yield self.named("name-of-another", "subjectAltName=DNS:elsewhere.example")
        yield self.named("name-in-the-subject-only")
        yield self.named("name-longer", "subjectAltName=DNS:localhost.example")
        yield self.named("name-of-a-child", "subjectAltName=DNS:a.localhost")
        yield self.named("name-shorter", "subjectAltName=DNS:ocalhost")
        yield self.named("name-is-a-star", "subjectAltName=DNS:*")
        yield self.named("name-of-children", "subjectAltName=DNS:*.localhost")
        yield self.named("name-in-part-a-star", "subjectAltName=DNS:l*")
        yield self.named("name-with-nul", f"2.5.29.17=DER:{with_nul.hex(':')}")
        yield self.named("name-as-address", "subjectAltName=IP:127.0.0.1")
        yield self.named("name-as-email", "subjectAltName=email:root@localhost")
        yield self.named("name-as-uri", "subjectAltName=URI:https://localhost/")

    def wildcards(self):
        for name, pattern in {"in-part": "12*.0.0.0x1", "in-the-end": "*7.0.0.0x1",
                              "of-two-labels": "*.0.0x1", "in-the-second": "127.*.0.0x1",
                              "two": "*.*.0.0x1"}.items():
            certificate = self.authority.issue(f"star-{name}", host=pattern)
            yield self.distrusts(f"wildcard-{name}", "hostname mismatch", certificate, host=NAME)

    def issuers(self):
        untrusted = Authority(self.folder, "untrusted")
        server = self.authority.subordinate("no-authority", is_ca=False)
        fenced = self.authority.subordinate("fenced", "nameConstraints=permitted;DNS:example.com")
        short = self.authority.subordinate("short", "basicConstraints=critical,CA:TRUE,pathlen:0")
        below = short.subordinate("below-short")
        for name, error, depth, authorities in (
                ("untrusted", "unable to get local issuer", 0, [untrusted]),
                ("untrusted-whole", "self-signed certificate in certificate chain", 1, [untrusted]),
                ("no-authority", "invalid CA certificate", 1, [server]),
                ("fenced", "permitted subtree violation", 0, [fenced]),
                ("too-deep", "path length constraint exceeded", 2, [below, short])):
            certificate, key = authorities[0].issue(f"of-{name}")
            sent = [] if name == "untrusted" else authorities
            yield self.distrusts(f"issuer-{name}", error, (chained(certificate, *sent), key), depth)
        yield self.distrusts("issuer-not-sent", "unable to get local issuer",
                             self.authority.subordinate("unsent").issue("of-unsent"))
        yield self.distrusts("self-signed", "self-signed certificate",
                             self.authority.self_signed("own"))

    def qualities(self):
        issue = self.authority.issue
        yield self.distrusts("expired", "certificate has expired", issue("old", period=PAST))
        yield self.distrusts("not-yet-valid", "certificate is not yet valid",
                             issue("young", period=FUTURE))
        yield self.distrusts("for-clients", "unsuitable certificate purpose", issue(
            "client", extensions=["subjectAltName=DNS:localhost", "extendedKeyUsage=clientAuth"]))
        yield self.distrusts("unknown-critical", "unhandled critical extension", issue(
            "critical", extensions=["subjectAltName=DNS:localhost", "1.2.3.4=critical,DER:05:00"]))

    def test_certificates(self):
        self.play_isolated("certificates", [*self.names(), *self.wildcards(), *self.issuers(),
                                         *self.qualities()])


if __name__ == "__main__":
    harness.main()
