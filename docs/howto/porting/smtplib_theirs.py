"""Confirmations by mail, with smtplib of the standard library."""

import smtplib


def confirm(host, port, user, password, message, recipients):
    """Send a message; return who is refused it, and whether a wrong password is."""
    with smtplib.SMTP(host, port, timeout=20) as smtp:
        smtp.login(user, password)
        refused = smtp.sendmail("ann@example.test", recipients, message)
    with smtplib.SMTP(host, port, timeout=20) as smtp:
        try:
            smtp.login(user, "guessed")
        except smtplib.SMTPAuthenticationError as error:
            return {name: code for name, (code, _) in refused.items()}, error.smtp_code
