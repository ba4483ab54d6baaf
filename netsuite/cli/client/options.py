"""The options that all client commands share, and the login of them, of the URL or of netrc."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import click

from netsuite.cli.client.access import CONNECT_SECONDS, Access, TLSUse
from netsuite.cli.client.logins import ask_password, from_netrc
from netsuite.cli.client.problems import CommandError, Exit, Usage, leave
from netsuite.cli.client.shorthand import guessed, is_hostless_news, on_server
from netsuite.cli.client.urls import BadURL, Target, parse_url

F = TypeVar("F", bound=Callable[..., Any])
#: Click's are generic in what they decorate, which a table cannot be.
Decorator: TypeAlias = Callable[[Any], Any]


class Common:
    """The shared options of a command line."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._user: str | None = given.get("user")
        self._netrc: bool = given.get("netrc", False)
        self.quiet: bool = given["quiet"]
        if given["verbose"] and given["insecure"]:
            click.echo("- the server's certificate is not verified", err=True)
        self.access = Access(
            tls=None if given["tls"] is None else TLSUse(given["tls"]),
            authorities=given["cacert"],
            insecure=given["insecure"],
            connect_seconds=given["connect_timeout"],
            total_seconds=given["max_time"],
            observer=_observe if given["verbose"] else None,
            progress=not (given["quiet"] or given["verbose"] or given.get("silent")),
            proxy=given["proxy"],
        )
        #: The news server of a URL without one.
        self.news_server = os.environ.get("NNTPSERVER", "")

    def target(self, url: str, services: str) -> Target:
        """Return what a URL means; its scheme may be left out. Raises BadURL, Usage.

        Args:
            services: those that the command can do, with spaces between.
        """
        if is_hostless_news(url):
            if not self.news_server:
                raise BadURL("which server? --server HOST, or $NNTPSERVER")
            url = on_server(url, self.news_server)
        return self.judge(parse_url(guessed(url)), services)

    def judge(self, target: Target, services: str) -> Target:
        """Return a URL's meaning, if the command can do that. Raises as ``target``."""
        if target.service not in services.split():
            raise BadURL(f"this cannot be done with {target.scheme}://")
        if target.tls and self.access.tls is TLSUse.NONE:
            raise Usage(f"{target.scheme}:// is TLS: --tls none contradicts it")
        return target

    def login(self, target: Target) -> tuple[str, str] | None:
        """Return name and password: of -u, else of the URL, else of netrc, which may also have the
        password of whom they name; ask for one that is missing. Raises FileTrouble, LoginFailed,
        Usage."""
        if target.service == "gopher":
            if self._user is not None or target.username is not None:
                raise Usage("Gopher has no logins")
            return None
        username, password = target.username, target.password
        if self._user is not None:
            username, colon, text = self._user.partition(":")
            password = text if colon else None
        if self._netrc and password is None:
            found = from_netrc(target.host, username)
            if found is not None:
                username, password = found
        if username is None:
            return None
        if password is None:
            password = ask_password(f"Password of {username} at {target.host}")
        return username, password


def _observe(side: str, text: str, seconds: float) -> None:
    # A terminal that has been left to a server's control does not return by itself.
    click.echo(f"{side} {text}", err=True, nl=False)
    click.echo("\r\n" if sys.stderr.isatty() else "\n", err=True, nl=False)


def client_command(function: F) -> F:
    """Add to a command the shared options as ``common``; its errors become a line and a code."""
    return _with_options(function, {**_LOGIN, **_SESSION, **_SHOWING})


def session_command(function: F) -> F:
    """Add them to a command that has ways of its own to be told the login."""
    return _with_options(function, {**_SESSION, **_SHOWING})


def terminal_command(function: F) -> F:
    """Add them to a command whose user logs in by hand, but for the login."""
    return _with_options(function, {**_SESSION, **_TERMINAL})


def _do(work: Callable[[], None]) -> None:
    """Do a command; leave with the line and the code of what goes wrong."""
    # What is imported from here on stays; to look through it for cycles again and again takes a
    # fifth of the time until the first octet is said.
    gc.set_threshold(100_000)
    try:
        work()
        # Here, where it is known what to do when nobody reads it any more.
        sys.stdout.flush()
    except CommandError as error:
        leave(error.code, str(error))
    except BadURL as error:
        leave(Exit.USAGE, str(error))
    except BrokenPipeError:
        leave(Exit.READER_GONE, "")
    except OSError as error:
        if error.filename is not None:
            raise
        leave(Exit.FILE, f"standard output cannot be written: {error.strerror}")


def _with_options(function: F, options: Mapping[str, Decorator]) -> F:
    @functools.wraps(function)
    def command(**given: Any) -> None:
        own = {name: value for name, value in given.items() if name not in options}
        with contextlib.ExitStack() as silence:
            if given.get("silent") and not given.get("show_error"):
                nobody = silence.enter_context(open(os.devnull, "w", encoding="utf-8"))
                silence.enter_context(contextlib.redirect_stderr(nobody))
            _do(lambda: function(Common({name: given[name] for name in options}), **own))

    result: Callable[..., Any] = command
    for option in reversed(list(options.values())):
        result = option(result)
    return result  # type: ignore[return-value]


_SECONDS = click.FloatRange(min=0, min_open=True)
_LOGIN: Final[Mapping[str, Decorator]] = {
    "user": click.option("-u", "--user", metavar="USER[:PASSWORD]", help="Who logs in."),
    "netrc": click.option("--netrc", is_flag=True, help="Take the login from $NETRC, or ~/.netrc."),
}
_SESSION: Final[Mapping[str, Decorator]] = {
    "insecure": click.option("-k", "--insecure", is_flag=True, help="Take any certificate."),
    "cacert": click.option(
        "--cacert",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Authorities to trust instead of the system's, PEM.",
    ),
    "tls": click.option(
        "--tls",
        type=click.Choice([each.value for each in TLSUse]),
        help="Whether a plain scheme goes on under TLS. Default: required with a login, else "
        "opportunistic; none on a loopback address.",
    ),
    "connect_timeout": click.option(
        "--connect-timeout", type=_SECONDS, default=CONNECT_SECONDS, show_default=True,
        metavar="SECONDS", help="To connect and begin TLS.",
    ),
    "max_time": click.option(
        "-m", "--max-time", type=_SECONDS, metavar="SECONDS", help="For everything."
    ),
    "proxy": click.option(
        "-x", "--proxy", metavar="URL",
        help="Connect through http://, socks5:// or socks5h://[USER:PASSWORD@]HOST[:PORT]; empty "
        "for none. Default: SCHEME_proxy or all_proxy, but for the hosts of no_proxy.",
    ),
}  # fmt: skip
_SHOWING: Final[Mapping[str, Decorator]] = {
    "verbose": click.option(
        "-v", "--verbose", is_flag=True, help="Show what is said; passwords masked."
    ),
    "quiet": click.option("-q", "--quiet", is_flag=True, help="No progress bar."),
    "silent": click.option(
        "-s", "--silent", is_flag=True, help="Say nothing, not even what is wrong; the code tells."
    ),
    "show_error": click.option(
        "-S", "--show-error", is_flag=True, help="With -s, say what is wrong all the same."
    ),
}
_TERMINAL: Final[Mapping[str, Decorator]] = {
    "verbose": click.option(
        "-v", "--verbose", is_flag=True,
        help="Show what is said, typed passwords too, on standard error: 2>FILE.",
    ),
    "quiet": click.option(
        "-q", "--quiet", is_flag=True, help="Do not say when it is connected and closed."
    ),
}  # fmt: skip
