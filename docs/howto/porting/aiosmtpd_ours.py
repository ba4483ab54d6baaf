"""An archive of a domain's mail, with netsuite."""

from netsuite.compose import Site, compose, smtp
from netsuite.smtp.policy.interface import Policy, Reject, values


class NoWatches(Policy):
    """What is refused."""

    async def message(self, facts):
        """Judge a message when it has come."""
        if values(facts.message.header, b"subject") == [b"Cheap watches"]:
            return Reject("No, thank you", 554)
        return None


async def take_all(store):
    """Let one account have the mail of all addresses of the domain."""
    await store.accounts.add_account("archive", None)
    await store.accounts.set_alias("@example.test", ["archive"])


def made(kept, port=8025):
    """Return the server, a Twisted service."""
    site = Site(memory=True)  # or Site(home), which outlives a restart
    site.configure("site", domains=["example.test"])
    site.once_open(take_all)
    site.policies.add(NoWatches())

    @site.on_mail
    async def keep(envelope, message):
        subject = (await message.email())["Subject"]
        kept.append((envelope.sender, envelope.recipients, subject))

    return compose(site, smtp(f"tcp:{port}:interface=127.0.0.1"))
