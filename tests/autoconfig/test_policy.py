"""The policy of MTA-STS."""

from __future__ import annotations

import pytest

from netsuite.autoconfig.policy import policy_of
from netsuite.config.load import ConfigError, load
from netsuite.smtp.delivery.mta_sts import parse_policy


def policy(*settings: str) -> str:
    return policy_of(load(None, ['site.hostname="mx.example.org"', *settings]))


def test_modes() -> None:
    """By default failures are reported and harm nobody; the longer it is kept, the more it
    protects."""
    testing = "version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmax_age: 604800\r\n"
    assert policy() == testing
    assert policy('mta_sts.mode="enforce"') == (
        "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 2592000\r\n"
    )
    assert policy('mta_sts.mode="none"') == "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
    assert policy('mta_sts.mode="off"') == ""


def test_hosts() -> None:
    """All hosts that take mail, as the DNS has them."""
    said = policy('mta_sts.mx=["one.example.org", "b\u00fccher.example"]')
    assert "mx: one.example.org\r\nmx: xn--bcher-kva.example\r\n" in said
    with pytest.raises(ConfigError):
        policy('mta_sts.mx=["one example"]')


def test_we_understand_it() -> None:
    """Our own side that carries mail reads in it what was meant."""
    for mode in ("testing", "enforce", "none"):
        read = parse_policy(policy(f'mta_sts.mode="{mode}"').encode())
        assert read is not None
        assert read.mode == mode
