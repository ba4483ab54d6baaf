"""Confirmations by mail, with netsuite."""

from netsuite import blocking
from netsuite.connection.errors import AuthenticationFailed


def confirm(url, user, password, message, recipients):
    """Send a message; return who is refused it, and whether a wrong password is."""
    with blocking.smtp(url, credentials=(user, password), timeout=20) as smtp:
        results = smtp.send_message("ann@example.test", recipients, message)
    try:
        blocking.smtp(url, credentials=(user, "guessed"), timeout=20)
    except AuthenticationFailed as error:
        return {str(each.recipient): each.code for each in results if not each.taken}, error.code
