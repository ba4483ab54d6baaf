"""Credentials for the ``twisted.cred`` portal: a clear password, or a finished SASL exchange."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.cred.credentials import ICredentials
from zope.interface import Attribute, implementer

from netsuite.accounts.interfaces import Channel


class IClearPassword(ICredentials):
    """A user name and a clear password, over some channel."""

    channel = Attribute("The Channel it came over.")
    username = Attribute("As the client sent it.")
    password = Attribute("As the client sent it.")


class IProvenName(ICredentials):
    """A user name that a SASL mechanism has proven, and whom it wants to act as."""

    channel = Attribute("The Channel it came over.")
    username = Attribute("Who was authenticated.")
    authorize_as = Attribute("Whom to act as; empty for the same.")


@implementer(IClearPassword)
@dataclass(frozen=True, slots=True)
class ClearPassword:
    """A clear password; its text form does not show it."""

    channel: Channel
    username: str
    password: str

    def __repr__(self) -> str:
        return f"<ClearPassword of {self.username!r}>"


@implementer(IProvenName)
@dataclass(frozen=True, slots=True)
class ProvenName:
    """The name that a finished SASL exchange proved."""

    channel: Channel
    username: str
    authorize_as: str = ""
