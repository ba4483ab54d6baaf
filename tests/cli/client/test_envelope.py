"""The envelope that the options of ``netsuite send`` say."""

from __future__ import annotations

import pytest

from netsuite.cli.client.envelope import Envelope, envelope_of
from netsuite.cli.client.problems import Usage
from netsuite.message.address import Address

ANN, BOB = Address("ann", "here.test"), Address("bob", "there.test")


def test_addresses() -> None:
    """The null path is an empty one."""
    assert envelope_of("", ["ann@here.test", "bob@there.test"], "", "", "") == Envelope(
        None, [ANN, BOB]
    )
    for sender, recipient in (("x y", "a@b"), ("a@b", "x y"), ("a@b", "")):
        with pytest.raises(Usage):
            envelope_of(sender, [recipient], "", "", "")


@pytest.mark.parametrize(
    ("notify", "returned", "name", "said"),
    [
        ("", "", "", ("", "", "")),
        ("never", "headers", "a b", ("NEVER", "HDRS", "a b")),
        ("Delay, SUCCESS", "full", "", ("SUCCESS,DELAY", "FULL", "")),
        ("failure,failure", "", "x" * 100, ("FAILURE", "", "x" * 100)),
    ],
)
def test_reports(notify: str, returned: str, name: str, said: tuple[str, str, str]) -> None:
    """They are said as RFC 3461, 4 has them."""
    envelope = envelope_of("ann@here.test", ["bob@there.test"], notify, returned, name)
    assert (envelope.notify, envelope.ret, envelope.envelope_id) == said
    assert envelope.wants_reports == any(said)


@pytest.mark.parametrize(
    ("notify", "name"),
    [("never,delay", ""), ("always", ""), (",", ""), ("", "\u00e9"), ("", "a\nb"), ("", "x" * 101)],
)
def test_nonsense(notify: str, name: str) -> None:
    """It is said so, before anybody is connected to."""
    with pytest.raises(Usage):
        envelope_of("ann@here.test", ["bob@there.test"], notify, "", name)
