"""Sieve's text to a tree of commands, in one pass. See RFC 5228, 8."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.sieve import limits
from netsuite.sieve.errors import ScriptError

# RFC 5228, 8.1. Lines may end with LF alone, as editors write them.
#   bracket-comment = "/*" *not-star 1*STAR *(not-star-slash *not-star 1*STAR) "/"
#   hash-comment    = "#" *octet-not-crlf CRLF
#   identifier      = (ALPHA / "_") *(ALPHA / DIGIT / "_")
#   multi-line      = "text:" *(SP / HTAB) (hash-comment / CRLF)
#                     *(multiline-literal / multiline-dotstart) "." CRLF
#   number          = 1*DIGIT [ QUANTIFIER ]
#   quoted-string   = DQUOTE quoted-text DQUOTE
#   tag             = ":" identifier
_blank: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+(?:\n|\Z))*+")
_token: Final = re.compile(
    r"(?P<multiline>text:[ \t]*+(?:#[^\n]*+)?\r?\n)"
    r"|(?P<identifier>[A-Za-z_][A-Za-z0-9_]*+)"
    r"|:(?P<tag>[A-Za-z_][A-Za-z0-9_]*+)"
    r"|(?P<number>[0-9]++[KMGkmg]?+)(?![A-Za-z0-9_])"
    r'|"(?P<quoted>(?:[^"\\]++|\\.)*+)"'
    r"|(?P<special>[;{}()\[\],])",
    re.DOTALL | re.IGNORECASE,
)
_escaped: Final = re.compile(r"\\(.)", re.DOTALL)
_line_end: Final = re.compile(r"\r?\n")
_QUANTIFIER: Final = {"K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True, slots=True)
class Tag:
    """``:name``, in lower case."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number, its quantifier undone."""

    value: int
    line: int


@dataclass(frozen=True, slots=True)
class Strings:
    """A string or, in brackets, a list of them."""

    values: tuple[str, ...]
    line: int
    bracketed: bool


Argument: TypeAlias = Tag | Number | Strings


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command or a test, as it stands.

    Args:
        name: in lower case.
        tests: those behind it, in parentheses or not.
        block: the commands in braces; None where there is no block.
    """

    name: str
    line: int
    arguments: tuple[Argument, ...] = ()
    tests: tuple[Parsed, ...] = ()
    block: tuple[Parsed, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position, line = 0, 1
    while True:
        blank = _blank.match(text, position)
        end = blank.end() if blank else position
        line += text.count("\n", position, end)
        position = end
        if position == len(text):
            found.append(_Token("end", "", line))
            return found
        if text.startswith("/*", position):
            close = text.find("*/", position + 2)
            if close < 0:
                raise ScriptError(line, "a comment that does not end")
            line += text.count("\n", position, close)
            position = close + 2
            continue
        match = _token.match(text, position)
        if match is None:
            what = "a string that does not end" if text[position] == '"' else "not Sieve"
            raise ScriptError(line, f"{what}: {text[position : position + 20]!r}")
        kind = match.lastgroup or ""
        value, end = match.group(kind), match.end()
        if kind == "multiline":
            kind, (value, end) = "quoted", _multiline(text, end, line)
        elif kind == "quoted":
            value = _escaped.sub(r"\1", value)
        found.append(_Token(value if kind == "special" else kind, value, line))
        line += text.count("\n", position, end)
        position = end


def _multiline(text: str, start: int, line: int) -> tuple[str, int]:
    """Return the string that ends with a dot on a line of its own, dots doubled at the beginning
    of a line made one, and the offset behind it."""
    lines: list[str] = []
    position = start
    while True:
        match = _line_end.search(text, position)
        if match is None:
            raise ScriptError(line, "text: without the dot that ends it")
        one = text[position : match.start()]
        position = match.end()
        if one == ".":
            return "".join(lines), position
        lines.append(one.removeprefix(".") if one.startswith("..") else one)
        lines.append("\r\n")


class _Parser:
    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._nodes = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, kind: str, wanted: str) -> _Token:
        token = self._next
        if token.kind != kind:
            shown = "the end of the script" if token.kind == "end" else repr(token.text[:20])
            raise ScriptError(token.line, f"{wanted} is wanted instead of {shown}")
        self._place += 1
        return token

    def _named(self, wanted: str) -> _Token:
        self._nodes += 1
        if self._nodes > limits.NODES:
            raise ScriptError(self._next.line, f"more than {limits.NODES} commands and tests")
        return self._take("identifier", wanted)

    def commands(self, depth: int) -> tuple[Parsed, ...]:
        """Read ``*command``, up to a closing brace or the end."""
        found: list[Parsed] = []
        while self._next.kind not in ("end", "}"):
            found.append(self._command(depth))
        return tuple(found)

    def _command(self, depth: int) -> Parsed:
        name = self._named("a command")
        arguments, tests = self._arguments(depth)
        block = None
        if self._next.kind == "{":
            self._deeper(depth)
            self._place += 1
            block = self.commands(depth + 1)
            self._take("}", "'}'")
        else:
            self._take(";", "';'")
        return Parsed(name.text.lower(), name.line, arguments, tests, block)

    def _deeper(self, depth: int) -> None:
        if depth >= limits.DEPTH:
            raise ScriptError(self._next.line, f"nested more than {limits.DEPTH} deep")

    def _arguments(self, depth: int) -> tuple[tuple[Argument, ...], tuple[Parsed, ...]]:
        """Read ``arguments = *argument [ test / test-list ]``."""
        found: list[Argument] = []
        while (argument := self._argument()) is not None:
            found.append(argument)
        tests: tuple[Parsed, ...] = ()
        if self._next.kind == "identifier":
            self._deeper(depth)
            tests = (self._test(depth + 1),)
        elif self._next.kind == "(":
            self._deeper(depth)
            self._place += 1
            some = [self._test(depth + 1)]
            while self._next.kind == ",":
                self._place += 1
                some.append(self._test(depth + 1))
            self._take(")", "')'")
            tests = tuple(some)
        return tuple(found), tests

    def _test(self, depth: int) -> Parsed:
        name = self._named("a test")
        arguments, tests = self._arguments(depth)
        return Parsed(name.text.lower(), name.line, arguments, tests)

    def _argument(self) -> Argument | None:
        token = self._next
        if token.kind == "tag":
            self._place += 1
            return Tag(token.text.lower(), token.line)
        if token.kind == "number":
            self._place += 1
            return Number(_number(token), token.line)
        if token.kind == "quoted":
            self._place += 1
            return Strings((token.text,), token.line, bracketed=False)
        if token.kind != "[":
            return None
        self._place += 1
        values = [self._take("quoted", "a string").text]
        while self._next.kind == ",":
            self._place += 1
            values.append(self._take("quoted", "a string").text)
            if len(values) > limits.STRINGS:
                raise ScriptError(token.line, f"more than {limits.STRINGS} strings in a list")
        self._take("]", "']'")
        return Strings(tuple(values), token.line, bracketed=True)


def _number(token: _Token) -> int:
    text = token.text
    factor = _QUANTIFIER.get(text[-1].upper(), 1)
    digits = text[:-1] if factor > 1 else text
    # Far beyond the limit, a number is not even read: that would take long.
    value = int(digits) * factor if len(digits) < 24 else limits.NUMBER + 1
    if value > limits.NUMBER:
        raise ScriptError(token.line, f"a number above {limits.NUMBER}")
    return value


def parse(octets: bytes) -> tuple[Parsed, ...]:
    """Read a script. Raises ScriptError, with the line, where it is none."""
    if len(octets) > limits.SCRIPT_OCTETS:
        raise ScriptError(0, f"the script has more than {limits.SCRIPT_OCTETS} octets")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScriptError(octets.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    if "\0" in text:
        raise ScriptError(text.count("\n", 0, text.index("\0")) + 1, "a NUL")
    text = text.removeprefix("\ufeff")
    parser = _Parser(_tokens(text))
    found = parser.commands(0)
    parser._take("end", "a command")
    return found
