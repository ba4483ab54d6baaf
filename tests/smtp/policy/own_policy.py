"""The policy that docs/howto/policy.rst shows."""

from netsuite.smtp.policy.interface import Facts, Policy, Reject, Tag, Verdict


class Quiet(Policy):
    """Keeps the list to our own accounts, takes no mail without a subject, marks what is urgent."""

    async def recipient(self, facts: Facts) -> Verdict:
        ours = facts.client.account is not None or facts.recipient != "list@example.org"
        return None if ours else Reject("The list is for our own", 550, "5.7.2")

    async def message(self, facts: Facts) -> Verdict:
        header = facts.message.header.lower() if facts.message else b""
        if b"\nsubject:" not in b"\n" + header:
            return Reject("Say in Subject what it is about", 550, "5.6.0")
        return Tag(b"X-Loud: yes\r\n") if b"urgent" in header else None
