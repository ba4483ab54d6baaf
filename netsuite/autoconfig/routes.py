"""The answers to mail programs and mail hosts over HTTP, as routes of a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from netsuite.accounts.resolver import same_domain
from netsuite.autoconfig import documents
from netsuite.autoconfig.policy import policy_of
from netsuite.autoconfig.servers import Place, Server, servers
from netsuite.autoconfig.signing import signed
from netsuite.certificates import Certificates
from netsuite.config.schema import Settings
from netsuite.http.commands import Response
from netsuite.http.replies import NOT_FOUND
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.http.router import Handler, Router
from netsuite.store.errors import StoreError

MOZILLA: Final = "/.well-known/autoconfig/mail/config-v1.1.xml"
#: Of the host autoconfig.DOMAIN.
MOZILLA_AT_HOST: Final = "/mail/config-v1.1.xml"
#: As Outlook and others write it, who do not agree.
AUTODISCOVER: Final = (
    "/autodiscover/autodiscover.xml",
    "/Autodiscover/Autodiscover.xml",
    "/AutoDiscover/AutoDiscover.xml",
)
APPLE: Final = "/.well-known/mail.mobileconfig"
MTA_STS: Final = "/.well-known/mta-sts.txt"
#: The largest request; those of Outlook have some hundreds of octets.
REQUEST_OCTETS: Final = 16_384
#: What a host's name may begin with, where the rest is a domain.
_PREFIXES: Final = ("autoconfig.", "autodiscover.")


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers from the settings as they are by now. No answer depends on which accounts there are.

    Args:
        settings: returns them.
        places: returns where services listen.
        certificates: that profiles are signed with, by the host that gives them; None: they are
            not.
    """

    settings: Callable[[], Settings]
    places: Callable[[], Iterable[Place]]
    certificates: Certificates | None = None

    async def mozilla(self, request: IncomingRequest) -> AnyResponse:
        """Answer Thunderbird and others, at a domain's own host."""
        address = request.query().get("emailaddress", [""])[0]
        domain = self._domain(request, address)
        found = self._servers(domain)
        if not found:
            return NOT_FOUND
        whole = self.settings().autoconfig.user_name == "address"
        return _document("text/xml", documents.mozilla(domain, found, whole_address=whole))

    async def mozilla_at_host(self, request: IncomingRequest) -> AnyResponse:
        """Answer at autoconfig.DOMAIN, where the path is another."""
        if not _host(request).startswith("autoconfig."):
            return NOT_FOUND
        return await self.mozilla(request)

    async def autodiscover(self, request: IncomingRequest) -> AnyResponse:
        """Answer Outlook."""
        octets = await request.read(REQUEST_OCTETS)
        if not self.settings().autoconfig.enabled:
            return NOT_FOUND
        try:
            address, schema = documents.read_autodiscover(octets)
        except documents.BadRequest:
            return _refused(documents.INVALID)
        if schema and schema != documents.OUTLOOK:
            return _refused(documents.OTHER_SCHEMA)
        if not _is_address(address):
            return _refused(documents.INVALID)
        found = self._servers(self._domain(request, address))
        if not found:
            return NOT_FOUND
        return _document("text/xml", documents.autodiscover(self._user(address), found))

    async def apple(self, request: IncomingRequest) -> AnyResponse:
        """Return the profile of iOS and macOS."""
        address = request.query().get("email", [""])[0]
        if address and not _is_address(address):
            return NOT_FOUND
        domain = self._domain(request, address)
        made = documents.apple(domain, address, self._user(address), self._servers(domain))
        if made is None:
            return NOT_FOUND
        if self.certificates is not None:
            made = signed(made, self.certificates.select(_host(request)))
        return _document(
            "application/x-apple-aspen-config",
            made,
            ("Content-Disposition", f'attachment; filename="{domain}.mobileconfig"'),
        )

    async def mta_sts(self, request: IncomingRequest) -> AnyResponse:
        """Return the policy of a domain, for mail hosts."""
        policy = policy_of(self.settings())
        prefix, _, domain = _host(request).partition(".")
        if not policy or prefix != "mta-sts" or domain not in self._domains():
            return NOT_FOUND
        return _document("text/plain; charset=us-ascii", policy.encode("ascii"))

    # -- what is asked for ---------------------------------------------------------------------

    def _domains(self) -> Sequence[str]:
        return [same_domain(each) for each in self.settings().site.domains]

    def _domain(self, request: IncomingRequest, address: str) -> str:
        """Return the domain that a request is about: that of the address, where there is one, else
        that of the host; empty where it is none of ours."""
        domains = self._domains()
        if address:
            domain = same_domain(address.rpartition("@")[2])
            return domain if domain in domains else ""
        host = _host(request)
        for prefix in _PREFIXES:
            host = host.removeprefix(prefix)
        if host in domains:
            return host
        return next((each for each in domains if self._mail_host(each) == host), "")

    def _mail_host(self, domain: str) -> str:
        settings = self.settings()
        hosts = {same_domain(key): value for key, value in settings.autoconfig.hosts.items()}
        return same_domain(hosts.get(domain, settings.site.hostname))

    def _servers(self, domain: str) -> Sequence[Server]:
        if not domain or not self.settings().autoconfig.enabled:
            return ()
        return servers(self.places(), self._mail_host(domain))

    def _user(self, address: str) -> str:
        whole = self.settings().autoconfig.user_name == "address"
        return address if whole else address.rpartition("@")[0]


def add_routes(
    router: Router,
    answers: Answers,
    files: Handler | None,
) -> None:
    """Add the routes of all documents; what a program has at one of their paths stays.

    Args:
        files: the public site, whose own file at such a path comes first; None: there is none.
    """
    for methods, path, handler in (
        ("GET", MOZILLA, answers.mozilla),
        ("GET", MOZILLA_AT_HOST, answers.mozilla_at_host),
        ("GET", APPLE, answers.apple),
        ("GET", MTA_STS, answers.mta_sts),
        *(("POST", path, answers.autodiscover) for path in AUTODISCOVER),
    ):
        with suppress(ValueError):
            router.add(methods, path, handler if files is None else _file_first(files, handler))


def _file_first(files: Handler, other: Handler) -> Handler:
    async def answer(request: IncomingRequest) -> AnyResponse:
        if request.method in ("GET", "HEAD"):
            with suppress(StoreError):  # there is no such file, or nobody may see it
                return await files(request)
        return await other(request)

    return answer


def _host(request: IncomingRequest) -> str:
    """Return the name that a request is for, without port, as A-labels."""
    host = request.head.host
    return "" if host.startswith("[") else same_domain(host.partition(":")[0])


def _is_address(text: str) -> bool:
    """Return whether a text may be a mail address: nothing that would break a document."""
    local, at, domain = text.rpartition("@")
    return (
        bool(local and at and domain)
        and text.isprintable()
        and " " not in text
        and (len(text.encode("utf-8", "replace")) <= documents.ADDRESS_OCTETS)
    )


def _document(kind: str, body: bytes, *fields: tuple[str, str]) -> Response:
    nosniff = ("X-Content-Type-Options", "nosniff")
    return Response(200, (("Content-Type", kind), nosniff, *fields), body)


def _refused(reason: tuple[int, str]) -> Response:
    return _document("text/xml", documents.autodiscover_error(*reason, datetime.now(UTC)))
