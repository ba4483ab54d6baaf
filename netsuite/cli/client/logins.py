"""Logins that do not stand on the command line: of netrc, and passwords that are asked for."""

from __future__ import annotations

import getpass
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.cli.client.problems import FileTrouble, LoginFailed

# A word in quotes, in which a backslash takes its meaning from what follows; a comment; or a word.
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class BadNetrc(ValueError):
    """It is no netrc; the line is told, and nothing that stands there, which may be a password."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a netrc file.

    Args:
        machine: in lower case; None for ``default``, which is of every machine.
        login: empty for none.
        password: None for none.
    """

    machine: str | None
    login: str = ""
    password: str | None = None


def parse_netrc(text: str) -> Iterator[Entry]:
    """Return the entries in their order. Raises BadNetrc.

    A macro ends with an empty line; behind ``#`` at the beginning of a word between entries' parts
    the line is a comment.
    """
    words = _words(text)
    entry: dict[str, str | None] | None = None
    for line, word in words:
        if word in ("machine", "default"):
            if entry is not None:
                yield _entry(entry)
            entry = {"machine": None if word == "default" else _next(words, line).lower()}
        elif word in ("login", "user", "account", "password") and entry is not None:
            entry["login" if word == "user" else word] = _next(words, line)
        else:
            raise BadNetrc(line)
    if entry is not None:
        yield _entry(entry)


def _entry(entry: dict[str, str | None]) -> Entry:
    return Entry(entry["machine"], entry.get("login") or "", entry.get("password"))


def _next(words: Iterator[tuple[int, str]], line: int) -> str:
    try:
        return next(words)[1]
    except StopIteration:
        raise BadNetrc(line) from None


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Return the words with their lines, without comments and macros."""
    named = False  # whether the word before wants a value, which may begin with #
    in_macro = False
    for number, line in enumerate(text.splitlines(), 1):
        if in_macro:
            in_macro = bool(line.strip())
            continue
        for found in _WORD.finditer(line):
            quoted, plain = found.groups()
            if plain is not None and not named and plain.startswith("#"):
                break
            if plain == "macdef" and not named:
                in_macro = True
                break
            word = plain if plain is not None else _ESCAPED.sub(r"\1", quoted)
            named = not named and word in ("machine", "login", "user", "account", "password")
            yield number, word


def from_netrc(host: str, username: str | None = None) -> tuple[str, str | None] | None:
    """Return name and password that ``$NETRC`` or ``~/.netrc`` has for a host, the first that fits;
    None for none, and a password that it does not have is None. Raises FileTrouble.

    Args:
        username: whose entry is meant; None for anybody's.
    """
    given = os.environ.get("NETRC")
    path = Path(given or "~/.netrc").expanduser()
    try:
        text = path.read_text("utf-8", "surrogateescape")
        facts = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileTrouble(f"{path} cannot be read: {error.strerror}") from None
    try:
        entries = list(parse_netrc(text))
    except BadNetrc as error:
        raise FileTrouble(f"{path}, line {error.line}: that is no netrc") from None
    for each in entries:
        if each.machine not in (None, host.lower()):
            continue
        if username is None and not each.login:
            continue
        if username in (None, each.login) or not each.login:
            if not given and each.password:
                _insist_on_private(path, facts)
            return username or each.login, each.password
    return None


def _insist_on_private(path: Path, facts: os.stat_result) -> None:
    """Raise FileTrouble where others can read the passwords that one has at home."""
    if facts.st_uid not in (os.getuid(), 0):
        raise FileTrouble(f"{path} belongs to another user: its passwords are not used")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise FileTrouble(f"{path} has passwords, and others can read it: chmod 600 {path}")


def ask_password(question: str) -> str:
    """Ask for a password at the terminal; standard input is never read for one, since what stands
    there may be what is to be sent. Raises LoginFailed where there is no terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise LoginFailed(
            f"{question} is wanted, and there is no terminal to ask for it at: "
            "-u USER:PASSWORD, or --netrc"
        ) from None
    return getpass.getpass(f"{question}: ")
