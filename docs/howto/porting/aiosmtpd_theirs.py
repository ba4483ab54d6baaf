"""An archive of a domain's mail, with aiosmtpd."""

from email import message_from_bytes

from aiosmtpd.controller import Controller


class Archive:
    """Handlers."""

    def __init__(self, kept):
        self.kept = kept

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        """Take the domain's recipients alone."""
        if not address.endswith("@example.test"):
            return "550 5.7.1 We do not relay"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        """Keep a message."""
        subject = message_from_bytes(envelope.content)["Subject"]
        if subject == "Cheap watches":
            return "554 5.7.1 No, thank you"
        self.kept.append((envelope.mail_from, tuple(envelope.rcpt_tos), subject))
        return "250 2.6.0 OK"


def made(kept, port=8025):
    """Return the server; ``start`` begins a thread."""
    return Controller(Archive(kept), hostname="127.0.0.1", port=port)
