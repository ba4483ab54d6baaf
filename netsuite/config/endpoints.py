"""Endpoint strings: where to listen, read with errors that say how to write them."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Final

from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint

#: What a Unix socket's path may have (``sun_path``, with its NUL).
_SOCKET_OCTETS: Final = 107
_colon: Final = re.compile(r"(?<!\\):")
_ENDPOINT: Final = "write it as tcp:25 or unix:/run/netsuite.sock"


def read_endpoint(description: str, reactor: object, home: Path) -> IStreamServerEndpoint:
    """Return the endpoint of its string; the path of a Unix socket is relative to the home.

    Raises:
        ValueError: it cannot be understood; the message says how to write it.
    """
    reason = _wrong_place(description, home)
    if not reason:
        try:
            placed = _at_home(description, home)
            endpoint: IStreamServerEndpoint = serverFromString(reactor, placed)
            return endpoint
        except Exception as error:  # parsers are plugins, and raise what they like
            reason = _reason(error, description)
    raise ValueError(f"{description!r} is no endpoint ({reason}); {_ENDPOINT}")


def socket_path(description: str, home: Path) -> Path | None:
    """Return the path of an endpoint string's Unix socket; None where it is of another kind."""
    kind, *parameters = _colon.split(description)
    if kind != "unix" or not parameters:
        return None
    named = parameters[0].removeprefix("address=")
    return home / named.replace("\\:", ":") if named else None


def listening_address(description: str, home: Path) -> tuple[str, int] | str | None:
    """Return the address that an endpoint string names, as a bound socket has it: host and port,
    or the path of a Unix socket; None where it is of another kind."""
    path = socket_path(description, home)
    if path is not None:
        return str(path.absolute())
    kind, *parameters = _colon.split(description)
    port, interface = _port_and_interface(parameters)
    if kind not in ("tcp", "tcp4", "tcp6") or not port.isdigit():
        return None
    host = interface or ("::" if kind == "tcp6" else "0.0.0.0")
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:  # with a zone, which is no part of it
        return host, int(port)


def _port_and_interface(parameters: list[str]) -> tuple[str, str]:
    """Return both as they are written, or empty, from the parameters of a TCP endpoint."""
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    port = named.get("port") or next((each for each in parameters if "=" not in each), "")
    return port, named.get("interface", "").replace("\\:", ":")


def _at_home(description: str, home: Path) -> str:
    path = socket_path(description, home)
    if path is None:
        return description
    _, _, *more = _colon.split(description)
    quoted = str(path.absolute()).replace("\\", "\\\\").replace(":", "\\:")
    return ":".join(("unix", f"address={quoted}", *more))


def _reason(error: Exception, description: str) -> str:
    """Return why Twisted's parser has refused an endpoint string, in words of the string."""
    if description.startswith("systemd:"):
        return "systemd has handed over no such socket"
    unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unknown:
        return f"it has no parameter {unknown[1]}"
    if isinstance(error, TypeError):
        return "a parameter is missing, or one too many"
    return " ".join(str(error).split()) or "it cannot be read"


def _wrong_place(description: str, home: Path) -> str:
    """Return what is wrong with a port, an interface or a path that Twisted finds out only when it
    binds; empty for nothing, and for kinds of endpoints that are not ours to judge."""
    kind, *parameters = _colon.split(description)
    where, interface = _port_and_interface(parameters)
    if kind in ("tcp", "tcp4", "tcp6"):
        if not (where.isascii() and where.isdigit() and int(where) <= 65535):
            return "the port must be a number up to 65535"
        try:
            if interface:
                ipaddress.ip_address(interface.partition("%")[0])
        except ValueError:
            return "the interface must be an IP address"
    elif kind == "unix":
        path = socket_path(description, home)
        if path is None:
            return "the path is missing"
        if path.parent != home and not os.path.isdir(path.parent):
            return f"there is no directory {path.parent}"
        if len(os.fsencode(path.absolute())) > _SOCKET_OCTETS:
            return f"the path has more than {_SOCKET_OCTETS} octets"
    return ""
