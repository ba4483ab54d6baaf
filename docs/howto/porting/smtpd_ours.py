"""Tickets made of mail, with netsuite."""

from netsuite.compose import Site, compose, smtp
from netsuite.smtp.policy.interface import Policy, Reject, values


class HasSubject(Policy):
    """What is refused."""

    async def message(self, facts):
        """Judge a message when it has come."""
        if not any(values(facts.message.header, b"subject")):
            return Reject("Say in the Subject what it is about", 550, "5.6.0")
        return None


async def one_mailbox(store):
    """Have an account to which the mail is brought."""
    await store.accounts.add_account("support", None)


def made(tickets, port=8025):
    """Return the server, a Twisted service."""
    site = Site(memory=True)
    site.configure("site", domains=["example.test"])
    site.once_open(one_mailbox)
    site.policies.add(HasSubject())

    @site.on_mail
    async def ticket(envelope, message):
        tickets.append((envelope.sender, (await message.email())["Subject"]))

    return compose(site, smtp(f"tcp:{port}:interface=127.0.0.1"))


if __name__ == "__main__":
    from twisted.internet import reactor

    made([]).startService()
    reactor.run()
