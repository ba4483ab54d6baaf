"""What a server knows of the terminal at the other end, by what the client has told of it.

Which characters it shows is told in many ways, and in none by many clients. They are believed in
this order: a character set that was agreed on (RFC 2066); UTF-8 that was typed; the locale of the
user (NEW-ENVIRON); BINARY; MTTS; a terminal type that nobody has without UTF-8 any more.
"""

from __future__ import annotations

import re
from typing import Final

from netsuite.telnet import commands
from netsuite.telnet.commands import Option
from netsuite.telnet.dialog.core import CHARSETS, TelnetDialog
from netsuite.telnet.dialog.style import has_colour
from netsuite.telnet.grammar import format_meaning
from netsuite.telnet.options import Outcome, Side

#: What a window may be said to have, so that nothing is made of absurd numbers.
WIDTHS: Final = (20, 1000)
HEIGHTS: Final = (3, 1000)
#: Terminal types asked for: a list of them ends with a name twice (RFC 1091, 6).
TERMINAL_TYPES: Final = 8
#: Variables that are asked for; what else is told is not kept.
VARIABLES: Final = (
    commands.Variable("USER"),
    commands.Variable("LC_ALL", user=True),
    commands.Variable("LC_CTYPE", user=True),
    commands.Variable("LANG", user=True),
)
_LOCALES: Final = ("LC_ALL", "LC_CTYPE", "LANG")
VALUE_CHARACTERS: Final = 256

#: A name that is taken for one's own: one that no login program takes for an option.
_NAME: Final = re.compile(r"[\w.+][\w.@+-]{0,63}")
#: MTTS, a number among the terminal types: its bits, and those that are of use here.
_MTTS: Final = re.compile(r"MTTS (\d{1,9})")
_MTTS_ANSI, _MTTS_UTF8, _MTTS_256_COLOURS = 1, 4, 8


class UserTerminal:
    """The client's word on the user's terminal.

    Args:
        core: the dialog that it is told in.
        utf8: whether UTF-8 is sent to a terminal of which nothing is known.
    """

    __slots__ = (
        "_charset_asked", "_core", "_utf8", "charset", "environment",
        "typed_utf8", "types", "wants_colour", "window",
    )  # fmt: skip

    def __init__(self, core: TelnetDialog, *, utf8: bool) -> None:
        self._core = core
        self._utf8 = utf8
        self._charset_asked = False
        #: What was agreed on; None for nothing.
        self.charset: str | None = None
        #: Its names, as the client has told them.
        self.types: tuple[str, ...] = ()
        #: Width and height of the window, in characters; 0 for unknown.
        self.window = (0, 0)
        #: What the client has told of ``VARIABLES``.
        self.environment: dict[str, str] = {}
        #: Whether the user has typed UTF-8.
        self.typed_utf8 = False
        #: Whether the user wants colours, where the terminal has them.
        self.wants_colour = True

    # -- what it can ---------------------------------------------------------------------------

    @property
    def encoding(self) -> str:
        """The encoding that text is sent in."""
        if self.charset is not None:
            return self.charset
        return "utf-8" if self._shows_utf8() else "ascii"

    def _shows_utf8(self) -> bool:
        if self.typed_utf8:
            return True
        by_locale = self._locale_is_utf8()
        if by_locale is not None:
            return by_locale
        if self._core.is_on(Side.US, Option.BINARY):
            return True
        mtts = self._mtts()
        if mtts is not None:
            return bool(mtts & _MTTS_UTF8)
        return self._utf8 or any(map(has_colour, self.types))

    def _locale_is_utf8(self) -> bool | None:
        """Return what the user's locale says of it; None where that is nothing."""
        locale = next(filter(None, map(self.environment.get, _LOCALES)), "")
        codeset = locale.partition(".")[2].partition("@")[0].lower()
        return codeset in ("utf-8", "utf8") if codeset else None

    def _mtts(self) -> int | None:
        found = (_MTTS.fullmatch(name) for name in self.types)
        return next((int(match[1]) for match in found if match is not None), None)

    @property
    def colour(self) -> bool:
        """Whether it has colours, and the user wants them."""
        mtts = self._mtts() or 0
        return self.wants_colour and (
            bool(mtts & (_MTTS_ANSI | _MTTS_256_COLOURS)) or any(map(has_colour, self.types))
        )

    @property
    def user(self) -> str:
        """The name that the user would like to log in by; empty for none that is one."""
        name = self.environment.get("USER", "")
        return name if _NAME.fullmatch(name) else ""

    # -- what is told --------------------------------------------------------------------------

    def changed(self, outcome: Outcome, option: int) -> None:
        """Accept that an option went on or off, or answered what was asked."""
        core, on = self._core, outcome.changed
        if outcome.side is Side.US:
            if option == Option.CHARSET and on:
                self._charset_asked = True
                core.put(format_meaning(commands.CharsetRequest(("UTF-8", "US-ASCII"))))
        elif option == Option.TTYPE and on:
            core.put(format_meaning(commands.TerminalTypeSend()))
        elif option == Option.NEW_ENVIRON and on:
            core.put(format_meaning(commands.EnvironmentSend(VARIABLES)))
        elif option == Option.NAWS and on is False:
            self.window = (0, 0)

    def said(self, meaning: commands.Meaning) -> None:
        """Accept a subnegotiation."""
        match meaning:
            case commands.WindowSize(width, height):
                if self._core.is_on(Side.HIM, Option.NAWS):
                    self.window = (_within(width, WIDTHS), _within(height, HEIGHTS))
            case commands.TerminalTypeIs(name):
                self._terminal_type(name)
            case commands.EnvironmentIs(variables):
                if self._core.is_on(Side.HIM, Option.NEW_ENVIRON):
                    self._environment(variables)
            case commands.CharsetRequest():
                self._charset_request(meaning)
            case commands.CharsetAccepted(name):
                if self._charset_asked:
                    self._charset_asked = False
                    self._take_charset(name)
            case commands.CharsetRejected():
                self._charset_asked = False
            case _:
                pass

    def _terminal_type(self, name: str) -> None:
        if not self._core.is_on(Side.HIM, Option.TTYPE) or len(self.types) >= TERMINAL_TYPES:
            return
        if self.types[-1:] == (name,):
            return  # the list's end
        self.types += (name,)
        if len(self.types) < TERMINAL_TYPES:
            self._core.put(format_meaning(commands.TerminalTypeSend()))

    def _environment(self, variables: tuple[commands.Variable, ...]) -> None:
        asked = {each.name for each in VARIABLES}
        for each in variables:
            if each.name not in asked:
                continue
            if each.value is None or len(each.value) > VALUE_CHARACTERS:
                self.environment.pop(each.name, None)
            else:
                self.environment[each.name] = each.value

    def _charset_request(self, request: commands.CharsetRequest) -> None:
        if not self._core.is_on(Side.HIM, Option.CHARSET):
            return
        known = [name for name in request.names if name.lower() in CHARSETS]
        # RFC 2066, 2: of two requests that met, the server refuses the client's.
        if self._charset_asked or not known:
            self._core.answer(format_meaning(commands.CharsetRejected()))
        elif self._core.answer(format_meaning(commands.CharsetAccepted(known[0]))):
            self._take_charset(known[0])

    def _take_charset(self, name: str) -> None:
        self.charset = CHARSETS.get(name.lower())
        if self.charset == "utf-8":
            # RFC 2066, 5: it is for binary mode. Clients that know no BINARY mean it anyway.
            self._core.ask(Side.US, Option.BINARY)
            self._core.ask(Side.HIM, Option.BINARY)


def _within(number: int, bounds: tuple[int, int]) -> int:
    return 0 if number == 0 else max(bounds[0], min(number, bounds[1]))
