"""LINEMODE (RFC 1184): who edits lines and makes signals of keys, and which keys those are.

Both sides have a mode and a table of keys. The server chooses the mode and the client agrees; of
keys either proposes, and the other agrees, refuses, or proposes another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.telnet import commands
from netsuite.telnet.commands import Edit, Key, Level, Option, SpecialCharacter, Verb
from netsuite.telnet.dialog.core import TelnetDialog
from netsuite.telnet.grammar import format_meaning
from netsuite.telnet.options import Side

#: What a client must agree to, and what it may.
_EDITING: Final = Edit.EDIT | Edit.TRAPSIG
_KNOWN: Final = _EDITING | Edit.SOFT_TAB | Edit.LIT_ECHO
_LEVEL_BITS: Final = 3
#: Of a key that there is not (``_POSIX_VDISABLE``).
NO_KEY: Final = 0xFF
_FLUSHING: Final = commands.SLC_FLUSHIN | commands.SLC_FLUSHOUT

#: The keys of a terminal as it is found most often.
KEYS: Final[Mapping[int, int]] = {
    Key.IP: 0x03, Key.AYT: 0x14, Key.ABORT: 0x1C, Key.EOF: 0x04, Key.SUSP: 0x1A, Key.EC: 0x7F,
    Key.EL: 0x15, Key.EW: 0x17, Key.RP: 0x12, Key.LNEXT: 0x16, Key.XON: 0x11, Key.XOFF: 0x13,
}  # fmt: skip


class SpecialKeys:
    """One side's table of keys (RFC 1184, 5.9).

    Args:
        keys: a function's key, of those that are supported.
    """

    __slots__ = ("_current", "_defaults")

    def __init__(self, keys: Mapping[int, int] = KEYS) -> None:
        self._defaults = {
            function: SpecialCharacter(
                function, Level.VALUE | (_FLUSHING if function in (Key.IP, Key.ABORT) else 0), octet
            )
            for function, octet in keys.items()
        }
        self._current = dict(self._defaults)

    def key(self, function: int) -> int | None:
        """Return the octet of a function's key; None where it has none."""
        has = self._current.get(function)
        return None if has is None or has.character == NO_KEY else has.character

    def all(self) -> tuple[SpecialCharacter, ...]:
        """Return the table as it stands."""
        return tuple(self._current.values())

    def reset(self) -> None:
        """Have it as it was at first."""
        self._current = dict(self._defaults)

    def hear(self, said: SpecialCharacter) -> SpecialCharacter | None:
        """Accept what the other side says of a key; return the answer, None for none."""
        function, level = said.function, said.modifiers & _LEVEL_BITS
        current = self._current.get(function)
        flags = said.modifiers & _FLUSHING
        if said.modifiers & commands.SLC_ACK:
            if current is not None and level in (Level.VALUE, Level.CANTCHANGE):
                self._current[function] = SpecialCharacter(function, level | flags, said.character)
            return None
        if level == Level.DEFAULT:
            default = self._defaults.get(function)
            if default is None:
                return SpecialCharacter(function, Level.NOSUPPORT, 0)
            self._current[function] = default
            return default
        if level == Level.NOSUPPORT:
            self._current.pop(function, None)
            if current is None:
                return None
        elif function not in self._defaults:
            return SpecialCharacter(function, Level.NOSUPPORT, 0)
        else:
            proposed = SpecialCharacter(function, level | flags, said.character)
            if proposed == current:
                return None
            self._current[function] = proposed
        return SpecialCharacter(function, said.modifiers | commands.SLC_ACK, said.character)


class _LineMode:
    """What both sides have of it."""

    __slots__ = ("_core", "_side", "keys", "mask")

    def __init__(self, core: TelnetDialog, side: Side, keys: Mapping[int, int]) -> None:
        self._core = core
        self._side = side  # the client's
        self.keys = SpecialKeys(keys)
        #: The mode there is: bits of ``Edit``.
        self.mask = 0

    @property
    def on(self) -> bool:
        """Whether it was agreed on."""
        return self._core.is_on(self._side, Option.LINEMODE)

    @property
    def edits(self) -> bool:
        """Whether the client edits lines."""
        return self.on and bool(self.mask & Edit.EDIT)

    def _hear_keys(self, said: commands.SpecialCharacters) -> None:
        answers = []
        for each in said.characters:
            if each.function != Key.ALL:
                answers.append(self.keys.hear(each))
            elif self._side is Side.HIM:  # only a client may say so
                if each.modifiers & _LEVEL_BITS == Level.DEFAULT:
                    self.keys.reset()
                answers += self.keys.all()
        given = tuple(each for each in answers if each is not None)
        if given:
            self._core.answer(format_meaning(commands.SpecialCharacters(given[:256])))

    def _say_mode(self, mask: int) -> bool:
        return self._core.answer(format_meaning(commands.LineMode(mask)))


class ServerLineMode(_LineMode):
    """The server's side: it says who edits."""

    __slots__ = ("_wanted",)

    def __init__(self, core: TelnetDialog) -> None:
        super().__init__(core, Side.HIM, KEYS)
        self._wanted = 0

    def want(self, mask: int) -> None:
        """Have another mode."""
        if self.on and mask != self._wanted:
            self._wanted = mask
            self._core.put(format_meaning(commands.LineMode(mask)))

    def said(self, meaning: commands.Meaning) -> None:
        """Accept what the client says of it."""
        if not self.on:
            return
        if isinstance(meaning, commands.SpecialCharacters):
            self._hear_keys(meaning)
        elif isinstance(meaning, commands.LineMode):
            mask = meaning.mask & _KNOWN
            agrees = mask & _EDITING == self._wanted & _EDITING
            if agrees:
                changed, self.mask = mask != self.mask, mask
                if changed and not meaning.mask & Edit.ACK:
                    self._say_mode(mask | Edit.ACK)
            elif not meaning.mask & Edit.ACK:
                self._say_mode(self._wanted)


class ClientLineMode(_LineMode):
    """The client's side: it does as the server says."""

    __slots__ = ()

    def __init__(self, core: TelnetDialog, keys: Mapping[int, int]) -> None:
        super().__init__(core, Side.US, keys)

    def began(self) -> None:
        """Tell the server which keys the terminal has (RFC 1184, 2.4)."""
        self.mask = 0
        self._core.put(format_meaning(commands.SpecialCharacters(self.keys.all())))

    def said(self, meaning: commands.Meaning) -> None:
        """Accept what the server says of it."""
        if not self.on:
            return
        if isinstance(meaning, commands.SpecialCharacters):
            self._hear_keys(meaning)
        elif isinstance(meaning, commands.LineMode):
            mask = meaning.mask & _KNOWN
            if meaning.mask & Edit.ACK or mask == self.mask:
                return
            whole = mask == meaning.mask
            if self._say_mode(mask | Edit.ACK if whole else mask):
                self.mask = mask
        elif isinstance(meaning, commands.ForwardMask) and meaning.verb in (Verb.DO, Verb.DONT):
            # Lines are kept by the terminal, which knows no such set.
            self._core.answer(format_meaning(commands.ForwardMask(Verb.WONT)))
