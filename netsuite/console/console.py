"""The console: which requests are answered at all, to whom, and with which page."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import parse_qs

from twisted.logger import Logger

from netsuite.accounts.interfaces import (
    BadCredentials,
    LoginRefused,
    PlaintextRefused,
    Throttled,
)
from netsuite.console.access import SERVICE, ConsoleAccess, is_administrator
from netsuite.console.assets import FILES, asset
from netsuite.console.cookies import Login, LoginCookies
from netsuite.console.guard import is_from_us, is_our_host, is_our_path
from netsuite.console.layout import button, field, framed, hidden, outside, sure
from netsuite.console.markup import Content, element, link, markup, url
from netsuite.console.visit import (
    Done,
    NotThere,
    Page,
    Parameters,
    Route,
    Unfit,
    Unsure,
    Visit,
)
from netsuite.http.commands import REASONS, FieldPairs, Response, plain
from netsuite.http.replies import BAD_REQUEST, BROKEN, ERRORS, NOT_FOUND, RequestRefused
from netsuite.http.request import PARAMETERS, IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.http.router import Router
from netsuite.site import Site
from netsuite.store.errors import NoSuchAccount

#: The largest form: a page of ticked boxes is a few KiB.
FORM_OCTETS: Final = 65_536
#: A browser takes a cookie of this name from this host alone, by TLS (RFC 6265bis, 4.1.3.2).
_SECURE_COOKIE: Final = "__Host-netsuite"
_COOKIE: Final = "netsuite-console"

#: Nothing on a page runs, is loaded, framed or sent anywhere but from here to here (CSP 3).
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_FIELDS: Final[FieldPairs] = (
    ("Content-Security-Policy", POLICY),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    # With no-referrer a browser would send `Origin: null` with our own forms (Fetch, 3.1).
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_NOT_KEPT: Final = ("Cache-Control", "no-store")
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")

_EXPLAINED: Final = {
    403: "That was not sent by a page of this console, or by one whose login has ended. "
    "Go back, load the page again, and repeat it.",
    404: "There is no such page, or what it was about is gone.",
    405: "That cannot be done here.",
    421: "This console does not go by that name. Ask for it by its address, or name the host in "
    "console.hosts.",
    500: "Something went wrong here; the log has the reason.",
    503: "The store does not answer now; try again later.",
}

_Work = Callable[[Visit, Route], Awaitable[Response]]


class Console(Router):
    """The pages of the console, for who may see them.

    Args:
        site: whose console it is.
        routes: its pages.
        cookies: of those who have logged in.
    """

    log = Logger()

    def __init__(self, site: Site, routes: Sequence[Route], cookies: LoginCookies) -> None:
        super().__init__()
        self._site = site
        self._cookies = cookies
        self.add("GET", "/login", self._show_login)
        self.add("POST", "/login", self._log_in)
        self.add("POST", "/logout", self._log_out)
        for route in routes:
            self.add("GET", route.pattern, partial(self._visited, route, self._show))
            if route.act is not None:
                self.add("POST", route.pattern, partial(self._visited, route, self._act))

    def answer(self, request: IncomingRequest) -> Awaitable[AnyResponse]:
        """Return what gives the response when it is awaited; it raises nothing."""
        return self._answer(request)

    async def _answer(self, request: IncomingRequest) -> AnyResponse:
        path = request.path
        try:
            refused = self._refused(request)
            if refused is not None:
                return self._dressed(refused)
            if path in FILES and request.method in ("GET", "HEAD"):
                return _with(asset(path), *_FIELDS)
            response = await super().answer(request)
        except RequestRefused as error:
            response = error.response
        except NotThere:
            response = NOT_FOUND
        except Exception as error:
            found = ERRORS.find(error)
            if not isinstance(found, Response):
                self.log.failure("answering {method} {path}", method=request.method, path=path)
            response = found if isinstance(found, Response) else BROKEN
        assert isinstance(response, Response)
        return self._dressed(response)

    def _refused(self, request: IncomingRequest) -> Response | None:
        """Return why a request is not looked at; None where it is."""
        settings = self._site.settings
        names = {each.lower() for each in (settings.site.hostname, *settings.console.hosts)}
        if not is_our_host(request.head.host, names):
            return plain(421)
        if request.method == "POST" and not is_from_us(request.head, secure=request.peer.secure):
            return plain(403)
        return None

    def _dressed(self, response: Response) -> Response:
        """Return a response with what every page says; a refusal as a page."""
        fields = dict(response.fields)
        status = response.status
        if status >= 400 and fields.get("Content-Type", "").startswith("text/plain"):
            host = self._site.settings.site.hostname
            reason = REASONS.get(status, "")
            body = outside(
                f"{status} {reason}",
                host if status != 421 else "netsuite",
                element("p", _EXPLAINED.get(status, f"{reason}.")),
                element("p", link("To the overview")),
            )
            kept = tuple(pair for pair in response.fields if pair[0] != "Content-Type")
            response = Response(status, (_HTML, *kept), body)
        return _with(response, *_FIELDS, _NOT_KEPT)

    # -- who it is ------------------------------------------------------------------------------

    def _cookie(self, request: IncomingRequest, value: str) -> tuple[str, str]:
        secure = request.peer.secure
        name = _SECURE_COOKIE if secure else _COOKIE
        ending = "; Max-Age=0" if not value else ""
        flags = "; Secure" if secure else ""
        return "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{flags}{ending}"

    async def _known(self, request: IncomingRequest) -> tuple[Login, Visit] | None:
        """Return who asks; None where that is nobody who may use the console now."""
        name = _SECURE_COOKIE if request.peer.secure else _COOKIE
        pairs = [each.strip().partition("=") for each in request.fields.get("cookie").split(";")]
        # A neighbour on another port can set some of that name, too; the header bounds how many.
        values = [value for key, _, value in pairs if key == name]
        for value in values:
            login = await self._cookies.read(value)
            if login is None:
                continue
            try:
                account = await self._site.store.accounts.account_by_id(login.account)
            except NoSuchAccount:
                continue
            kept = await self._site.store.accounts.verifiers(account.id)
            same = hmac.compare_digest(self._cookies.password(account.id, kept), login.password)
            if same and is_administrator(account):
                visit = Visit(
                    self._site,
                    account,
                    self._cookies.token(login),
                    request.path,
                    request.peer.address,
                    request.parameters,
                    _without_nul(request.query()),
                )
                return login, visit
        return None

    async def _visited(self, route: Route, work: _Work, request: IncomingRequest) -> Response:
        """Have a page answer who may see it; send others to log in."""
        known = await self._known(request)
        if known is None:
            target = request.head.target if request.method != "POST" else request.path
            return _go(url("login", next=target if target != "/" else ""))
        login, visit = known
        if request.method == "POST":
            form = await _form(request)
            token = form.get("token", [""])[0]
            if not hmac.compare_digest(token.encode(), visit.token.encode()):
                raise RequestRefused(plain(403))
            visit = replace(visit, form=form)
        response = await work(visit, route)
        renewed = None if "x-refresh" in request.fields else self._cookies.renewed(login)
        if renewed is not None:
            response = _with(response, self._cookie(request, self._cookies.write(renewed)))
        return response

    async def _show(self, visit: Visit, route: Route) -> Response:
        return _shown(visit, await route.show(visit))

    async def _act(self, visit: Visit, route: Route) -> Response:
        assert route.act is not None
        try:
            done: Done = await route.act(visit)
        except Unsure as question:
            return _shown(visit, sure(visit, question))
        except Unfit as error:
            visit = replace(visit, problem=str(error))
            return _shown(visit, replace(await route.show(visit), status=422))
        await visit.note(done.deed, done.about)
        return _go(f"{done.where}{url(done=done.said, count=done.count)[1:]}")

    # -- logging in and out ---------------------------------------------------------------------

    async def _show_login(self, request: IncomingRequest) -> Response:
        wanted = request.query().get("next", [""])[0]
        if await self._known(request) is not None:
            return _go(wanted if is_our_path(wanted) else "/")
        return self._login(request, wanted)

    def _login(
        self, request: IncomingRequest, wanted: str, problem: str = "", status: int = 200
    ) -> Response:
        """Return the page that asks for a login; without a form where no password may be sent."""
        channel = request.exchange.channel()
        form: Content
        if self._site.authenticator.allows_password(channel):
            form = element(
                "form",
                hidden("next", wanted) if is_our_path(wanted) else None,
                field("Account", "account", autocomplete="username", autofocus=True, required=True),
                field(
                    "Password", "password", type="password", autocomplete="current-password",
                    required=True,
                ),
                element("p", button("Log in"), class_="buttons"),
                method="post",
                action="/login",
            )  # fmt: skip
        else:
            status = 403
            problem = "No password may be sent to here without TLS; use https."
            form = None
        body = (
            element("p", problem, class_="problem", role="alert") if problem else None,
            element("p", "For accounts of the group admin."),
            form,
        )
        page = outside("Log in", self._site.settings.site.hostname, *body)
        return Response(status, (_HTML,), page)

    async def _log_in(self, request: IncomingRequest) -> Response:
        form = await _form(request)
        wanted, name, password = (form.get(key, [""])[0] for key in ("next", "account", "password"))
        if not name or not password:
            return self._login(request, wanted, "An account and its password, please.", 422)
        channel = replace(request.exchange.channel(), protocol=SERVICE)
        authenticator = self._site.authenticator
        try:
            logged_in = await authenticator.log_in(channel, name, password, ConsoleAccess)
        except Throttled:
            said = "Too many wrong guesses; try again later."
            return self._login(request, wanted, said, 429)
        except (BadCredentials, PlaintextRefused):
            said = "That is no administrator's account, or not its password."
            return self._login(request, wanted, said, 403)
        except LoginRefused:
            said = "Logins are not possible now; try again later."
            return self._login(request, wanted, said, 503)
        account = logged_in.avatar.account
        kept = await self._site.store.accounts.verifiers(account.id)
        login = self._cookies.begin(account.id, kept)
        response = _go(wanted if is_our_path(wanted) else "/")
        return _with(response, self._cookie(request, self._cookies.write(login)))

    async def _log_out(self, request: IncomingRequest) -> Response:
        known = await self._known(request)
        if known is not None:
            login, visit = known
            form = await _form(request)
            token = form.get("token", [""])[0]
            if not hmac.compare_digest(token.encode(), visit.token.encode()):
                raise RequestRefused(plain(403))
            self._cookies.end(login)
            await visit.note("logged out", visit.account.name)
        return _with(_go("/login"), self._cookie(request, ""))


async def _form(request: IncomingRequest) -> Parameters:
    """Return the fields of a form that was sent. Raises RequestRefused."""
    kind = request.fields.get("content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RequestRefused(plain(415))
    octets = await request.read(FORM_OCTETS)
    try:
        found = parse_qs(octets.decode("ascii"), keep_blank_values=True, max_num_fields=PARAMETERS)
    except ValueError:
        raise RequestRefused(BAD_REQUEST) from None
    return _without_nul(found)


def _without_nul(values: Mapping[str, list[str]]) -> Parameters:
    """Return parameters without a character that PostgreSQL keeps in no text."""
    return {key: [each.replace("\0", "\ufffd") for each in all_] for key, all_ in values.items()}


def _with(response: Response, *fields: tuple[str, str]) -> Response:
    return replace(response, fields=(*response.fields, *fields))


def _go(path: str) -> Response:
    """Send the browser to a page of ours, by GET (RFC 9110, 15.4.4)."""
    body = markup(element("p", element("a", "Go on", href=path))).encode()
    return Response(303, (("Location", path), _HTML), body)


def _shown(visit: Visit, page: Page) -> Response:
    return Response(page.status, (_HTML,), framed(visit, page))
