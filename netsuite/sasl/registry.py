"""The mechanisms there are, and the strongest of those offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from netsuite.sasl import tokens
from netsuite.sasl.cram import CramMD5Client, CramMD5Server
from netsuite.sasl.identities import AnonymousServer, ExternalServer, MessageClient
from netsuite.sasl.interfaces import ClientMechanism, Nonce, ServerMechanism
from netsuite.sasl.passwords import LoginClient, LoginServer, PlainServer
from netsuite.sasl.scram import ScramClient, ScramServer

#: SCRAM by name: the hash, and whether the channel is bound; strongest first.
SCRAM: Final[Mapping[str, tuple[str, bool]]] = {
    "SCRAM-SHA-256-PLUS": ("SHA-256", True),
    "SCRAM-SHA-1-PLUS": ("SHA-1", True),
    "SCRAM-SHA-256": ("SHA-256", False),
    "SCRAM-SHA-1": ("SHA-1", False),
}
#: Those that show the password to the server, and to everybody where there is no TLS.
CLEAR: Final = ("PLAIN", "LOGIN")
TOKENS: Final = ("OAUTHBEARER", "XOAUTH2")

#: Every mechanism, strongest first.
STRONGEST_FIRST: Final = (*SCRAM, "CRAM-MD5", "EXTERNAL", *TOKENS, *CLEAR, "ANONYMOUS")

_SIMPLE: Final[Mapping[str, Callable[[], ServerMechanism]]] = {
    "PLAIN": PlainServer,
    "LOGIN": LoginServer,
    "OAUTHBEARER": tokens.OAuthBearerServer,
    "XOAUTH2": tokens.XOAuth2Server,
    "EXTERNAL": ExternalServer,
    "ANONYMOUS": AnonymousServer,
}


def server(
    name: str, *, nonce: Nonce, host: str = "", binding: bytes | None = None
) -> ServerMechanism | None:
    """Begin an exchange, the server's side.

    Args:
        name: the mechanism, in upper case.
        nonce: gives a fresh nonce for each call: see ``interfaces.Nonce``.
        host: the name the server goes by, for CRAM-MD5.
        binding: the tls-exporter channel binding, where the channel has one and the mechanisms
            that use it were offered.

    Returns:
        The mechanism; None for one that there is not, or that needs a binding and has none.
    """
    if name in SCRAM:
        hash_name, plus = SCRAM[name]
        if plus and binding is None:
            return None
        return ScramServer(hash_name, plus=plus, nonce=nonce, binding=binding)
    if name == "CRAM-MD5":
        return CramMD5Server(nonce, host)
    simple = _SIMPLE.get(name)
    return None if simple is None else simple()


def client(
    name: str,
    *,
    nonce: Nonce,
    username: str = "",
    password: str = "",
    token: str = "",
    authorize_as: str = "",
    binding: bytes | None = None,
) -> ClientMechanism | None:
    """Begin an exchange, the client's side.

    Args:
        name: the mechanism, in upper case; see ``choose``.
        nonce: gives a fresh nonce.
        username: who we are; for ANONYMOUS what we say of ourselves.
        password: for the mechanisms that need one.
        token: a bearer token.
        authorize_as: whom to act as; empty for ourselves.
        binding: the tls-exporter channel binding, where our channel has one. Give None with a
            mechanism without -PLUS that was chosen though the server offers one with it.

    Returns:
        The mechanism; None for one that there is not, or that needs a binding and has none.
    """
    if name in SCRAM:
        hash_name, plus = SCRAM[name]
        if plus and binding is None:
            return None
        return ScramClient(
            hash_name,
            plus=plus,
            username=username,
            password=password,
            authorize_as=authorize_as,
            nonce=nonce,
            binding=binding,
        )
    simple: Mapping[str, Callable[[], ClientMechanism]] = {
        "CRAM-MD5": lambda: CramMD5Client(username, password),
        "PLAIN": lambda: MessageClient("PLAIN", "\0".join((authorize_as, username, password))),
        "LOGIN": lambda: LoginClient(username, password),
        "OAUTHBEARER": lambda: tokens.oauthbearer_client(authorize_as or username, token),
        "XOAUTH2": lambda: tokens.xoauth2_client(authorize_as or username, token),
        "EXTERNAL": lambda: MessageClient("EXTERNAL", authorize_as),
        "ANONYMOUS": lambda: MessageClient("ANONYMOUS", username),
    }
    make = simple.get(name)
    return None if make is None else make()


def choose(
    offered: Iterable[str],
    *,
    password: bool = False,
    token: bool = False,
    certificate: bool = False,
    anonymous: bool = False,
    binding: bool = False,
    clear: bool = True,
) -> str | None:
    """Choose the strongest mechanism offered that we can do.

    Args:
        offered: names, in any case.
        password: whether we have one.
        token: whether we have one.
        certificate: whether we showed one to the server.
        anonymous: whether we want to be nobody.
        binding: whether our channel can be bound.
        clear: whether the password may be shown: under TLS, or because somebody said so.

    Returns:
        Its name in upper case; None when there is none.
    """
    known = {name.upper() for name in offered}
    able: list[str] = []
    if certificate:
        able.append("EXTERNAL")
    if token:
        able += TOKENS
    if password:
        able += [name for name, (_, plus) in SCRAM.items() if binding or not plus]
        able.append("CRAM-MD5")
        able += CLEAR if clear else ()
    if anonymous:
        able.append("ANONYMOUS")
    return next((name for name in able if name in known), None)
