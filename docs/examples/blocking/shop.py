"""A shop that confirms orders by mail."""

import smtplib
import ssl
from email.message import EmailMessage

SHOP = "shop@example.test"


def confirm(
    order: int, customer: str, server: tuple[str, int], tls: ssl.SSLContext | None = None
) -> str:
    """Send a confirmation.

    Args:
        order: its number.
        customer: whose it is.
        server: host and port of a mail server.
        tls: how it must prove who it is; None: it need not.

    Returns:
        ``sent``, ``refused``, or ``will retry``: then it has to be called again later.
    """
    message = EmailMessage()
    message["From"], message["To"] = SHOP, customer
    message["Subject"] = f"Order {order}"
    message.set_content("Thank you! It is on its way.\n")
    try:
        with smtplib.SMTP(*server, timeout=10) as smtp:
            if tls is not None:
                smtp.starttls(context=tls)
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = error.recipients[customer]
        return "will retry" if code < 500 else "refused"
    except smtplib.SMTPResponseException as error:
        return "will retry" if error.smtp_code < 500 else "refused"
    except OSError:  # no connection, one that broke, no TLS or not theirs
        return "will retry"
    return "sent"
