"""The client of SMTP, submission and LMTP: one connection, or a mailer that keeps some."""

from netsuite.smtp.client.connection import SMTPClient, connect
from netsuite.smtp.client.mailer import Mailer, TLSUse, send
from netsuite.smtp.client.results import (
    NEEDS_8BIT,
    NEEDS_BINARY,
    NEEDS_REQUIRETLS,
    NEEDS_UTF8,
    TOO_BIG,
    Result,
    refusal,
)

__all__ = [
    "NEEDS_8BIT",
    "NEEDS_BINARY",
    "NEEDS_REQUIRETLS",
    "NEEDS_UTF8",
    "TOO_BIG",
    "Mailer",
    "Result",
    "SMTPClient",
    "TLSUse",
    "connect",
    "refusal",
    "send",
]
