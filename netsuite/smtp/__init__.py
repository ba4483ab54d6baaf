"""SMTP, submission and LMTP: RFC 5321 with its extensions, server and client.

``send`` sends a message, ``Mailer`` many, ``connect`` gives a connection: see
``netsuite.smtp.client``.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["Mailer", "Result", "SMTPClient", "TLSUse", "connect", "send"]


def __getattr__(name: str) -> object:
    """Return a name of the client; imported only now, since the pure modules beside it, which
    commands that must start quickly use, need nothing of Twisted."""
    if name in __all__:
        return vars(import_module("netsuite.smtp.client"))[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
