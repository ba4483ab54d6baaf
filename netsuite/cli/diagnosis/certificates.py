"""The certificates: whether they are good for this host, vouched for, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from twisted.internet.task import Clock

from netsuite.certificates import Certificates, Pair
from netsuite.cli.diagnosis.findings import Finding

EXPIRES_SOON: Final = timedelta(days=14)


def look_at_certificates(folder: Path, host: str, now: datetime) -> Iterator[Finding]:
    """Look at what clients of this host's name are shown."""
    certificates = Certificates(folder, Clock(), host=host)
    certificates.look()  # and not open(), which makes one where there is none
    for wrong in certificates.wrong():
        yield Finding("fail", "tls", wrong, "mend its files, or remove them")
    pair = certificates.select(host)
    if pair is not None:
        yield from judge_certificate(pair, host, now)
    elif not certificates.wrong():
        advice = f'acme.names = ["{host}"]; or put PEM files into {folder}'
        said = "there is no certificate; the first start makes one that no program trusts"
        yield Finding("warn", "tls", said, advice)


def judge_certificate(pair: Pair, host: str, now: datetime) -> Iterator[Finding]:
    """Judge what is shown for a host."""
    if not covers(pair.names, host):
        named = ", ".join(pair.names) or "no name"
        advice = f"get one for {host}: see docs/howto/certificates.rst"
        yield Finding("fail", "tls", f"the certificate for {host} is for {named}", advice)
    leaf = pair.chain[0]
    if leaf.issuer == leaf.subject:
        said = f"the certificate for {host} is vouched for by nobody"
        yield Finding("warn", "tls", said, f'acme.names = ["{host}"], or one of an authority')
    elif len(pair.chain) == 1:
        said = "the certificate comes without its chain; some programs will not trust it"
        yield Finding("warn", "tls", said, "use fullchain.pem, not cert.pem")
    elif leaf.issuer != pair.chain[1].subject:
        said = "the second certificate of the chain has not signed the first"
        yield Finding("fail", "tls", said, "put them in order: the host's own first")
    left = pair.not_after - now
    until = f"{pair.not_after:%Y-%m-%d}"
    if left <= timedelta(0):
        yield Finding("fail", "tls", f"the certificate for {host} ended on {until}", "renew it")
    elif left < EXPIRES_SOON:
        said = f"the certificate for {host} ends on {until}, in {left.days} days"
        yield Finding("warn", "tls", said, "look why it is not renewed")
    elif leaf.not_valid_before_utc > now:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M}"
        yield Finding("fail", "tls", f"the certificate begins at {begins} UTC", "set the clock")
    else:
        yield Finding("ok", "tls", f"what is shown for {host} is good until {until}")


def covers(names: Sequence[str], host: str) -> bool:
    """Return whether a certificate of these names is good for a host (RFC 9525, 6.3)."""
    wildcard = f"*.{host.partition('.')[2]}"
    return host.lower() in names or wildcard.lower() in names
