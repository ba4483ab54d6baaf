"""What a daemon gives the shells of its users."""

from __future__ import annotations

from dataclasses import replace

from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.accounts.shell import AccountSending
from netsuite.connection.listening import ListeningService
from netsuite.control.judging import JudgedSending, judged_by
from netsuite.smtp.policy.chain import Policies, Rule
from netsuite.smtp.policy.interface import Facts, Policy, Reject, Tag, Verdict
from tests.control.worlds import Client, World


def listening(world: World, name: str) -> ListeningService:
    """Give a service of a world's daemon."""
    daemon = world.suite.site.parent
    assert daemon is not None
    (found,) = [each for each in daemon if isinstance(each, ListeningService) and each.name == name]
    return found


class Equipped(World):
    """Shells of a daemon that runs all services."""

    def administer(self, groups: frozenset[str] = frozenset({ADMIN_GROUP})) -> None:
        """Put ann into the group of administrators, or out of it."""
        accounts = self.suite.site.store.accounts
        account = self.run_(accounts.account("ann"))
        self.run_(accounts.update_account(account.id, groups=groups))

    def shell(self) -> Client:
        """Give ann's terminal."""
        return self.logged_in("telnet")

    def test_letter(self) -> None:
        """Mail goes to who is here, by way of the daemon's delivery."""
        client = self.shell()
        client.say(b"mail write bob", b"", b"", b"Hello", b"text")
        self.assertIn(b"Sent to bob@", client.say(b"."))
        self.assertIn("Hello", [str(each["Subject"]) for each in self.run_(self.bob.messages())])

    def test_limits(self) -> None:
        """They are those of submission."""
        self.suite.site.configure("submission", message_octets=1000)
        client = self.shell()
        client.say(b"mail write bob", b"", b"", b"Hello", b"x" * 1001)
        self.assertIn(b"Nothing was sent. It is larger than 1000 octets.", client.say(b"."))

    def test_rates(self) -> None:
        """What bounds an account's mail by SMTP bounds it here, and both together."""
        policies = listening(self, "submission").factory.shared.policies
        (rates,) = [each.policy for each in policies.rules if each.name == "rates"]
        rates._hours.most = 2
        client = self.shell()
        client.say(b"mail write bob ann", b"", b"", b"Hello", b"text")
        self.assertIn(b"Sent to bob@", client.say(b"."))
        client.say(b"mail write bob", b"", b"", b"Hello", b"text")
        self.assertIn(b"Nothing was sent. The account has sent to too many", client.say(b"."))
        smtp = self.logged_in("submission")
        smtp.say(b"MAIL FROM:<ann@example.test>")
        self.assertIn(b"450 4.7.1", smtp.say(b"RCPT TO:<bob@example.test>"))

    def test_urls(self) -> None:
        """Files are fetched by the services that listen."""
        said = self.shell().say(b"get /site/none", b"put")
        self.assertIn(f"ftp://ann@127.0.0.1:{self.suite.ftp.port}/".encode(), said)

    def test_administrator(self) -> None:
        """Accounts, the queue, sessions of all services, and their end, which is noted."""
        self.administer()
        self.logged_in("imap")
        client = self.shell()
        self.assertIn(b"bob", client.say(b"accounts"))
        self.assertIn(b"Nothing waits.", client.say(b"queue"))
        sessions = client.say(b"sessions ann")
        self.assertIn(b"imap-1", sessions)
        self.assertIn(b"telnet-1", sessions)
        self.assertIn(b"There are none.", client.say(b"sessions bob"))
        self.assertIn(b"It is ended.", client.say(b"kick imap-1"))
        self.assertNotIn(b"imap-1", client.say(b"sessions"))
        noted = self.run_(self.suite.site.store.accounts.logins(limit=1))
        self.assertIn("imap-1", repr(noted))

    def test_nobody_else(self) -> None:
        """Who is none, or is one no longer, sees and ends nothing."""
        self.assertIn(b"That is for administrators.", self.shell().say(b"sessions"))
        self.administer()
        client = self.logged_in("telnet")
        self.administer(frozenset())
        for line in (b"accounts", b"queue", b"sessions", b"kick imap-1"):
            self.assertIn(b"You may not do that.", client.say(line))


class Judging(World):
    """Policies that look at messages."""

    settings = ("policy.submission=[]",)

    def judged(self, verdict: Verdict) -> bytes:
        """Give what is said of a letter that a policy judges so."""

        class Reads(Policy):
            async def message(self, facts: Facts) -> Verdict:
                assert facts.message is not None
                read = b"".join([piece async for piece in facts.message.body()])
                assert read == b"text\r\n"
                assert b"Subject: Hello" in facts.message.header
                assert (facts.client.account, facts.sender) == ("ann", "ann@example.test")
                return verdict

        shared = listening(self, "submission").factory.shared
        listening(self, "submission").factory.configure(
            replace(shared, policies=Policies([Rule("reads", Reads())], self.fabric))
        )
        client = self.logged_in("telnet")
        client.say(b"mail write bob", b"", b"", b"Hello", b"text")
        return client.say(b".")

    def test_refused(self) -> None:
        """What a policy refuses is not sent, with its reason."""
        self.assertIn(b"Nothing was sent. No worms.", self.judged(Reject("No worms")))
        self.assertEqual([], self.run_(self.bob.messages()))

    def test_marked(self) -> None:
        """What it says of a message stands in its header."""
        self.assertIn(b"Sent to bob@", self.judged(Tag(b"X-Judged: yes\r\n")))
        (message,) = self.run_(self.bob.messages())
        self.assertEqual(("yes", "Hello"), (message["X-Judged"], message["Subject"]))


class NotJudged(World):
    """Where who judges does not run."""

    def test_without_submission(self) -> None:
        """A bound is kept all the same; where more is to be asked nothing is sent."""
        site = self.suite.site
        telnet = listening(self, "telnet")
        sending = AnySending()
        bounded = judged_by(site, [telnet])(sending, "ann")
        self.assertIsInstance(bounded, JudgedSending)
        site.configure("policy", submission=[])
        self.assertIs(sending, judged_by(site, [telnet])(sending, "ann"))
        site.configure("policy", submission=["rates", "milter"])
        self.assertIsNone(judged_by(site, [telnet])(sending, "ann"))


class AnySending(AccountSending):
    """One that is not asked for anything."""

    address = host = ""

    def __init__(self) -> None:
        """Make one."""
