"""The documents of mail programs, against the formats that are published, and hostile requests."""

from __future__ import annotations

import contextlib
import plistlib
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.autoconfig.documents import (
    BadRequest,
    apple,
    autodiscover,
    autodiscover_error,
    mozilla,
    read_autodiscover,
)
from netsuite.autoconfig.servers import Server

HOST = "mail.example.org"
SERVERS = (
    Server("imap", HOST, 993, tls=True),
    Server("imap", HOST, 143, tls=False),
    Server("smtp", HOST, 587, tls=False),
)
HEAD = "<?xml version='1.0' encoding='utf-8'?>\n"
MOZILLA = (
    HEAD + '<clientConfig version="1.1"><emailProvider id="example.org">'
    "<domain>example.org</domain><displayName>example.org</displayName>"
    "<displayShortName>example.org</displayShortName>"
    '<incomingServer type="imap"><hostname>mail.example.org</hostname><port>993</port>'
    "<socketType>SSL</socketType><authentication>password-cleartext</authentication>"
    "<username>%EMAILADDRESS%</username></incomingServer>"
    '<incomingServer type="imap"><hostname>mail.example.org</hostname><port>143</port>'
    "<socketType>STARTTLS</socketType><authentication>password-cleartext</authentication>"
    "<username>%EMAILADDRESS%</username></incomingServer>"
    '<outgoingServer type="smtp"><hostname>mail.example.org</hostname><port>587</port>'
    "<socketType>STARTTLS</socketType><authentication>password-cleartext</authentication>"
    "<username>%EMAILADDRESS%</username></outgoingServer>"
    "</emailProvider></clientConfig>"
)
AUTODISCOVER = (
    HEAD + '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/'
    'responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/'
    'outlook/responseschema/2006a"><Account><AccountType>email</AccountType>'
    "<Action>settings</Action><Protocol><Type>IMAP</Type><Server>mail.example.org</Server>"
    "<Port>993</Port><LoginName>ann&amp;bob@example.org</LoginName>"
    "<DomainRequired>off</DomainRequired><SPA>off</SPA><SSL>on</SSL>"
    "<AuthRequired>on</AuthRequired><Encryption>SSL</Encryption></Protocol>"
    "<Protocol><Type>SMTP</Type><Server>mail.example.org</Server><Port>587</Port>"
    "<LoginName>ann&amp;bob@example.org</LoginName><DomainRequired>off</DomainRequired>"
    "<SPA>off</SPA><SSL>on</SSL><AuthRequired>on</AuthRequired><Encryption>TLS</Encryption>"
    "</Protocol></Account></Response></Autodiscover>"
)
REQUEST = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
  <Request>
    <EMailAddress>ann@example.org</EMailAddress>
    <AcceptableResponseSchema>urn:schema</AcceptableResponseSchema>
  </Request>
</Autodiscover>
"""


def test_mozilla() -> None:
    """The whole document, octet by octet."""
    assert mozilla("example.org", SERVERS, whole_address=True).decode() == MOZILLA
    local = mozilla("example.org", SERVERS, whole_address=False).decode()
    assert local == MOZILLA.replace("%EMAILADDRESS%", "%EMAILLOCALPART%")


def test_autodiscover() -> None:
    """The whole document; of each protocol the best server; what a user writes is escaped."""
    assert autodiscover("ann&bob@example.org", SERVERS).decode() == AUTODISCOVER


def test_autodiscover_error() -> None:
    """The error's time is of the day, as in the specification's own example."""
    now = datetime(2026, 11, 29, 10, 56, 3, 639_000, UTC)
    assert autodiscover_error(600, "Invalid Request", now).decode() == (
        HEAD + '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/'
        'responseschema/2006"><Response><Error Time="10:56:03.639000" Id="0">'
        "<ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData />"
        "</Error></Response></Autodiscover>"
    )


def test_apple() -> None:
    """A profile of one account; the same user's replaces the one before."""
    made = apple("example.org", "ann@example.org", "ann", SERVERS)
    assert made is not None
    profile = plistlib.loads(made)
    (account,) = profile["PayloadContent"]
    assert profile["PayloadType"] == "Configuration"
    assert profile["PayloadIdentifier"] == "org.example.mail"
    assert account["PayloadType"] == "com.apple.mail.managed"
    assert account["EmailAccountType"] == "EmailTypeIMAP"
    assert account["EmailAddress"] == "ann@example.org"
    assert account["IncomingMailServerUsername"] == account["OutgoingMailServerUsername"] == "ann"
    assert (account["IncomingMailServerPortNumber"], account["OutgoingMailServerPortNumber"]) == (
        993,
        587,
    )
    assert account["IncomingMailServerUseSSL"] is account["OutgoingMailServerUseSSL"] is True
    assert made == apple("example.org", "ann@example.org", "ann", SERVERS)
    other = apple("example.org", "bob@example.org", "bob", SERVERS)
    assert other is not None
    assert plistlib.loads(other)["PayloadUUID"] != profile["PayloadUUID"]
    assert len({account["PayloadUUID"], profile["PayloadUUID"]}) == 2


def test_apple_without() -> None:
    """Without an address the device asks for it; without servers there is no profile."""
    made = apple("example.org", "", "", SERVERS)
    assert made is not None
    (account,) = plistlib.loads(made)["PayloadContent"]
    assert not {"EmailAddress", "IncomingMailServerUsername"} & account.keys()
    assert apple("example.org", "", "", SERVERS[:2]) is None
    assert apple("example.org", "", "", SERVERS[2:]) is None
    assert apple("example.org", "", "", ()) is None


def test_read() -> None:
    """The address and the schema that is wanted, in whatever encoding and spacing."""
    wanted = ("ann@example.org", "urn:schema")
    assert read_autodiscover(REQUEST.encode()) == wanted
    assert read_autodiscover(REQUEST.replace("utf-8", "utf-16").encode("utf-16")) == wanted
    spaced = REQUEST.replace("ann@", "\r\n   ann@").replace("<Request>", "<Request><x/>")
    assert read_autodiscover(spaced.encode()) == wanted
    assert read_autodiscover(b"<Autodiscover><Request/></Autodiscover>") == ("", "")
    nested = REQUEST.replace("<EMailAddress>", "<x><EMailAddress>").replace(
        "</EMailAddress>", "</EMailAddress></x>"
    )
    assert read_autodiscover(nested.encode())[0] == ""
    twice = REQUEST.replace("<AcceptableR", "<EMailAddress>b@x</EMailAddress><AcceptableR")
    assert read_autodiscover(twice.encode())[0] == "ann@example.org"


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\xff\xfe",
        b"<Autodiscover>",
        b"<!DOCTYPE x>" + REQUEST.partition("?>")[2].encode(),
        # XXE: a file of this machine, or a request to another.
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b"<Autodiscover><Request><EMailAddress>&e;</EMailAddress></Request></Autodiscover>",
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><Autodiscover/>',
        # A billion laughs.
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<Autodiscover><Request><EMailAddress>&b;</EMailAddress></Request></Autodiscover>",
        b"<Autodiscover><Request><EMailAddress>&undefined;</EMailAddress></Request></Autodiscover>",
        b"<a>" * 8000,
        b"<Autodiscover>" + b"<a/>" * 200 + b"</Autodiscover>",
        b'<?xml version="1.0" encoding="x-unknown"?><Autodiscover/>',
        b"<Autodiscover\0/>",
    ],
)
def test_hostile(hostile: bytes) -> None:
    """No document type, no depth, no breadth; nothing is fetched, nothing else is raised."""
    with pytest.raises(BadRequest):
        read_autodiscover(hostile)


@given(st.binary(max_size=400))
def test_anything(octets: bytes) -> None:
    """Whatever is sent is a request, or none."""
    for document in (octets, REQUEST.encode()[:200] + octets):
        with contextlib.suppress(BadRequest):
            read_autodiscover(document)


@given(st.text(max_size=60).filter(str.isprintable))
def test_what_users_write(address: str) -> None:
    """Nothing in an address changes the document around it."""
    made = autodiscover(address, SERVERS)
    assert [
        each.text or "" for each in ElementTree.fromstring(made).iter() if "Login" in each.tag
    ] == [
        address,
        address,
    ]
    profile = apple("example.org", address or "x", address, SERVERS)
    assert profile is not None
    assert plistlib.loads(profile)["PayloadContent"][0]["IncomingMailServerUsername"] == address
