"""The documents by which mail programs set themselves up, from a domain and its servers.

- Mozilla: https://www.bucksch.org/1/projects/thunderbird/autoconfiguration/config-file-format.html
- Microsoft: [MS-OXDSCLI], Autodiscover Publishing and Lookup Protocol, 2.2
- Apple: Configuration Profile Reference, com.apple.mail.managed
"""

from __future__ import annotations

import plistlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat

from netsuite.autoconfig.servers import Server

#: [MS-OXDSCLI], 2.2.2 and 2.2.3.
RESPONSE: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
#: Longer ones are nobody's (RFC 5321, 4.5.3.1).
ADDRESS_OCTETS: Final = 254
MOST_ELEMENTS: Final = 100
#: 2.2.4.1.1.2.
INVALID: Final = (600, "Invalid Request")
OTHER_SCHEMA: Final = (601, "Requested schema version not supported")


class BadRequest(ValueError):
    """A request that is none of Autodiscover's."""


# -- Mozilla -------------------------------------------------------------------------------------


def mozilla(domain: str, servers: Sequence[Server], *, whole_address: bool) -> bytes:
    """Return what Thunderbird, K-9 and others read.

    Args:
        whole_address: users log in with it; else with what stands before the @.
    """
    root = Element("clientConfig", version="1.1")
    provider = SubElement(root, "emailProvider", id=domain)
    for tag in ("domain", "displayName", "displayShortName"):
        SubElement(provider, tag).text = domain
    for each in servers:
        direction = "outgoingServer" if each.protocol == "smtp" else "incomingServer"
        server = SubElement(provider, direction, type=each.protocol)
        for tag, text in (
            ("hostname", each.host),
            ("port", str(each.port)),
            ("socketType", "SSL" if each.tls else "STARTTLS"),
            ("authentication", "password-cleartext"),  # inside TLS, which both kinds are
            ("username", "%EMAILADDRESS%" if whole_address else "%EMAILLOCALPART%"),
        ):
            SubElement(server, tag).text = text
    return _printed(root)


# -- Microsoft -----------------------------------------------------------------------------------


def autodiscover(user: str, servers: Sequence[Server]) -> bytes:
    """Return what Outlook reads.

    Args:
        user: what the user logs in with.
    """
    root = Element("Autodiscover", xmlns=RESPONSE)
    account = SubElement(SubElement(root, "Response", xmlns=OUTLOOK), "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    told: set[str] = set()
    for each in servers:
        if each.protocol in told:  # of each type one is read
            continue
        told.add(each.protocol)
        protocol = SubElement(account, "Protocol")
        for tag, text in (
            ("Type", each.protocol.upper()),
            ("Server", each.host),
            ("Port", str(each.port)),
            ("LoginName", user),
            ("DomainRequired", "off"),
            ("SPA", "off"),
            ("SSL", "on"),
            ("AuthRequired", "on"),
            ("Encryption", "SSL" if each.tls else "TLS"),
        ):
            SubElement(protocol, tag).text = text
    return _printed(root)


def autodiscover_error(code: int, message: str, now: datetime) -> bytes:
    """Return what Outlook is told instead."""
    root = Element("Autodiscover", xmlns=RESPONSE)
    error = SubElement(SubElement(root, "Response"), "Error", Time=f"{now:%H:%M:%S.%f}", Id="0")
    SubElement(error, "ErrorCode").text = str(code)
    SubElement(error, "Message").text = message
    SubElement(error, "DebugData")
    return _printed(root)


def read_autodiscover(octets: bytes) -> tuple[str, str]:
    """Return from a request the address, and the schema of the answer that is wanted.

    Raises:
        BadRequest: it is none.
    """
    found: dict[str, str] = {}
    open_elements: list[str] = []
    text: list[str] = []
    count = 0

    def start(name: str, attributes: object) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise BadRequest("it has too many elements")
        open_elements.append(name.rpartition(" ")[2])
        text.clear()

    def end(name: str) -> None:
        if open_elements[:2] == ["Autodiscover", "Request"] and len(open_elements) == 3:
            found.setdefault(open_elements[2], "".join(text).strip())
        open_elements.pop()
        text.clear()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    # Without a document type there are no entities to expand, and nothing to fetch.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise BadRequest(str(error)) from None
    return found.get("EMailAddress", ""), found.get("AcceptableResponseSchema", "")


def _refuse_doctype(*_: object) -> None:
    raise BadRequest("it has a document type")


# -- Apple ---------------------------------------------------------------------------------------


def apple(domain: str, address: str, user: str, servers: Sequence[Server]) -> bytes | None:
    """Return the profile that iOS and macOS install; None where there is nothing to read mail with,
    or nothing to send it with.

    Args:
        address: the user's; empty: they are asked for it.
        user: what they log in with; empty likewise.
    """
    incoming = next((each for each in servers if each.protocol != "smtp"), None)
    outgoing = next((each for each in servers if each.protocol == "smtp"), None)
    if incoming is None or outgoing is None:
        return None
    identifier = ".".join(reversed(domain.split("."))) + ".mail"
    account: dict[str, object] = {
        **_payload("com.apple.mail.managed", f"{identifier}.account", domain, address),
        "EmailAccountType": f"EmailType{incoming.protocol.upper()}",
        "EmailAccountDescription": domain,
        "IncomingMailServerHostName": incoming.host,
        "IncomingMailServerPortNumber": incoming.port,
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": outgoing.host,
        "OutgoingMailServerPortNumber": outgoing.port,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    if address:
        account["EmailAddress"] = address
        account["IncomingMailServerUsername"] = account["OutgoingMailServerUsername"] = user
    profile = {
        **_payload("Configuration", identifier, domain, address),
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [account],
    }
    return plistlib.dumps(profile)


def _payload(kind: str, identifier: str, domain: str, address: str) -> dict[str, object]:
    # The same for the same account, so that a profile replaces the one before.
    name = f"{identifier} {address}"
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper(),
        "PayloadDisplayName": f"Mail of {domain}",
        "PayloadOrganization": domain,
    }


def _printed(root: Element) -> bytes:
    octets: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets
