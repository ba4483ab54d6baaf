"""Tickets made of mail, with smtpd of the standard library (until Python 3.11)."""

import asyncore
import smtpd
from email import message_from_bytes


class Tickets(smtpd.SMTPServer):
    """The server."""

    def __init__(self, address, tickets):
        super().__init__(address, None)
        self.tickets = tickets

    def process_message(self, peer, mailfrom, rcpttos, data, **options):
        """Make a ticket of a message; what is returned refuses it."""
        subject = message_from_bytes(data)["Subject"]
        if not subject:
            return "550 5.6.0 Say in the Subject what it is about"
        self.tickets.append((mailfrom, subject))
        return None


def made(tickets, port=8025):
    """Return the server; ``asyncore.loop()`` runs it."""
    return Tickets(("127.0.0.1", port), tickets)


if __name__ == "__main__":
    made([])
    asyncore.loop()
