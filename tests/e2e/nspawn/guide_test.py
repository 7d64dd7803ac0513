"""Runs the blocks of commands of the operator's guide on a bare Debian 12, as they stand: with the
default configuration, a stand-in in Attestr's place, and the package and the secrets in the folder
of root."""

import unittest

from service_fixture import ServiceFixture, harness

import debian_machine
import guide

GUIDE = harness.SOURCE / "daemon/man/attestrd.8.scd"

PAGE = """
attestrd(8)

	Prose with `# no command`.

```
# install -m 600 auth-token \\
    /etc/attestrd/
$ attestrd status
attestrd  1.0.0
$ attestrd explain DS1
$ echo $?
69
# cat >f <<END
# a line of the file
END
```

```
output alone
# is not a block of commands
```
"""


class ParserTest(unittest.TestCase):
    def test_commands_in_their_order(self):
        found = [(one.line, one.user, one.text, one.exit_code) for one in guide.commands(PAGE)]
        self.assertEqual(found, [
            (7, "root", "install -m 600 auth-token \\\n    /etc/attestrd/", 0),
            (9, "operator", "attestrd status", 0),
            (11, "operator", "attestrd explain DS1", 69),
            (14, "root", "cat >f <<END\n# a line of the file\nEND", 0),
        ])


class GuideTest(ServiceFixture):
    @classmethod
    def attestr_flags(cls):
        """The handshakes of the guide have tags, and end as those of people do."""
        tags = cls.world.folder / "tags"
        tags.write_text("DS02zfeuv6n4gkq51hvw6 290846\nDS02zk3n0w5xq8r1tbvy7 4711\n")
        return ["--law", "uniform:10,20", "--tags", str(tags)]

    def test_commands_as_they_stand(self):
        page = GUIDE
        commands = guide.commands(page.read_text())
        self.assertTrue(commands, f"{page} has no commands")
        self.run_there("useradd", "--no-user-group", "--create-home", "operator")
        for name in ("auth-token", "client-secret"):
            self.container.write(f"/root/{name}", (self.world.folder / name).read_text(), 0o600)
        self.container.write("/root/new-client-secret", "the-next-client-secret-of-the-account\n",
                             0o600)
        for command in commands:
            done = self.container.try_run("bash", "-c", command.text, user=command.user)
            self.assertEqual(done.returncode, command.exit_code,
                             f"{page}:{command.line}: {command.text}\n{done.stdout}")
        harness.report(f"{len(commands)} commands of {page.name}")


if __name__ == "__main__":
    debian_machine.enter_namespace()
    harness.main()
