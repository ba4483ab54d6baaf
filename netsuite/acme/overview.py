"""The certificates of a home at a glance: whom they serve, until when, and how ACME does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.task import Clock

from netsuite.accounts.resolver import same_domain
from netsuite.acme.files import ACMEFolder
from netsuite.acme.setup import names_of
from netsuite.certificates import Certificates
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate, or a name that has none yet.

    Args:
        file: its name in the folder, without ``.pem``.
        until: in UTC; empty where there is none.
        kept_by: ``acme``, ``you``, or ``itself`` of the self-made one.
        trouble: what is to be done about it; empty where nothing is.
    """

    file: str
    serves: str
    issuer: str
    until: str
    kept_by: str
    trouble: str = ""


def look_at(folder: Path, settings: Settings) -> tuple[Sequence[Row], Sequence[str]]:
    """Return a row for each certificate of a folder, and what is to be done about any, in lines.
    Raises OSError."""
    certificates = Certificates(folder, Clock(), host=settings.site.hostname)
    certificates.look()  # and not open(), which makes one where there is none
    acme = ACMEFolder(folder)
    acme.load()
    found = list(rows(certificates, acme, names_of(settings), datetime.now(UTC)))
    troubles = [f"certificate {each.file}: {each.trouble}" for each in found if each.trouble]
    return found, [*troubles, *certificates.wrong(), *_not_enforceable(certificates, settings)]


def troubles(home: Path, settings: Settings) -> Sequence[str]:
    """Return in lines what is to be done about certificates of a home; none where TLS is off."""
    if not settings.tls.enabled:
        return []
    try:
        return look_at(home / settings.tls.certificates, settings)[1]
    except OSError as error:
        return [f"{error.filename}: {error.strerror}"]


def rows(
    certificates: Certificates, folder: ACMEFolder, names: Sequence[str], now: datetime
) -> Iterator[Row]:
    """Return a row for each certificate in use, and for each name that ACME is to get one for.

    Args:
        names: of ACME, as A-labels. Raises OSError.
    """
    ending = certificates.ending(now)
    served, pairs = certificates.served(), certificates.pairs()
    for file, pair in sorted(pairs.items()):
        leaf = pair.chain[0]
        of_acme = file in names and folder.of_others(file) is None
        self_made = leaf.issuer == leaf.subject
        yield Row(
            file,
            served.get(file.lower(), ""),
            "itself" if self_made else _issuer(leaf.issuer.rfc4514_string()),
            f"{pair.not_after:%Y-%m-%d %H:%M}",
            "acme" if of_acme else "itself" if self_made and file == "default" else "you",
            (of_acme and _trouble(folder, file)) or ending.get(file, ""),
        )
    for name in names:
        if name not in pairs:
            yield Row(name, "", "", "", "acme", _trouble(folder, name) or "there is none yet")


def _not_enforceable(certificates: Certificates, settings: Settings) -> Iterator[str]:
    """Return for which names the policy of MTA-STS wants a certificate that there is not, so that
    other hosts would bring no mail, or not see the policy."""
    if settings.mta_sts.mode != "enforce":
        return
    host = same_domain(settings.site.hostname)
    takes_mail = host in map(same_domain, settings.mta_sts.mx or [host])
    policies = [f"mta-sts.{same_domain(each)}" for each in settings.site.domains]
    for name in [host] * takes_mail + policies * settings.http.enabled:
        pair = certificates.select(name)
        good = pair is not None and not {name, f"*.{name.partition('.')[2]}"}.isdisjoint(pair.names)
        if pair is None or not good or pair.chain[0].issuer == pair.chain[0].subject:
            yield f"mta_sts.mode is enforce, and no certificate for {name} is vouched for"


def _issuer(name: str) -> str:
    """Return who issued a certificate: the organization, else the common name."""
    parts = dict(each.partition("=")[::2] for each in name.split(","))
    return parts.get("O") or parts.get("CN") or name


def _trouble(folder: ACMEFolder, name: str) -> str:
    state = folder.state(name)
    if not state.failures:
        return ""
    again = datetime.fromtimestamp(state.next_try, UTC)
    return f"{state.trouble}; it is tried again at {again:%Y-%m-%d %H:%M} UTC"


def listeners(settings: Settings) -> str:
    """Return which services speak TLS, and where."""
    found = []
    for name in SERVICES:
        section: ServiceSettings = getattr(settings, name)
        if section.enabled:
            found += [f"{name} at {each}" for each in section.listen_tls]
    return ", ".join(found) + "; and by STARTTLS elsewhere"
