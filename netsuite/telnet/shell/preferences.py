"""The command ``set``: what the shell takes the user's terminal for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from netsuite.telnet.dialog.server import HEIGHTS, WIDTHS
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.command import Command, Shell, Usage, command
from netsuite.telnet.shell.terminal import Terminal

_AUTO: Final = "auto"
_CHARSETS: Final[Mapping[str, str | None]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    _AUTO: None,
}
_OTHER_SPELLINGS: Final = {"color": "colour", "lines": "rows", "cols": "columns"}


def _number(word: str, least: int, most: int) -> int:
    """Return a number within bounds; 0 for ``auto``. Raises Usage."""
    if word == _AUTO:
        return 0
    if not (word.isascii() and word.isdigit() and len(word) <= 4 and least <= int(word) <= most):
        raise Usage
    return int(word)


def _switch(word: str) -> bool:
    """Return whether something is to be on. Raises Usage."""
    if word not in ("on", "off", "yes", "no"):
        raise Usage
    return word in ("on", "yes")


def _set_columns(terminal: Terminal, word: str) -> None:
    terminal.set_size(_number(word, *WIDTHS), terminal.set_rows)


def _set_rows(terminal: Terminal, word: str) -> None:
    terminal.set_size(terminal.set_columns, _number(word, *HEIGHTS))


def _set_charset(terminal: Terminal, word: str) -> None:
    if word not in _CHARSETS:
        raise Usage
    terminal.use_charset(_CHARSETS[word])


def _set_colour(terminal: Terminal, word: str) -> None:
    terminal.use_colour(_switch(word))


def _set_pager(terminal: Terminal, word: str) -> None:
    terminal.pages = _switch(word)


_SET: Final[Mapping[str, Callable[[Terminal, str], None]]] = {
    "columns": _set_columns,
    "rows": _set_rows,
    "charset": _set_charset,
    "colour": _set_colour,
    "pager": _set_pager,
}


async def _completes(shell: Shell, words: Sequence[str], begun: str) -> Sequence[str]:
    if not words:
        return tuple(_SET)
    values = {"charset": ("utf-8", "us-ascii", _AUTO), "colour": ("on", "off"),
              "pager": ("on", "off")}  # fmt: skip
    return values.get(words[0], (_AUTO,)) if len(words) == 1 else ()


@command(
    "set",
    "[NAME VALUE]",
    "show, or change, how your terminal is written to",
    completes=_completes,
    more=(
        f"columns N  the width ({WIDTHS[0]} to {WIDTHS[1]}), or auto: as the client says",
        f"rows N     the height ({HEIGHTS[0]} to {HEIGHTS[1]}), or auto; unknown: nothing stops",
        "charset X  utf-8, us-ascii, or auto",
        "colour X   on or off; on, where the terminal has colours",
        "pager X    on or off: whether long output stops at each screen",
        "It is forgotten at the end of the session.",
    ),
)
async def set_preference(shell: Shell, words: Sequence[str]) -> None:
    """Change one thing, or show all."""
    terminal = shell.terminal
    if len(words) not in (0, 2):
        raise Usage
    if words:
        name = words[0].lower()
        change = _SET.get(_OTHER_SPELLINGS.get(name, name))
        if change is None:
            raise Usage
        change(terminal, words[1].lower())
        return
    client = "" if terminal.set_columns else " (as the client says)"
    shown = {
        "columns": f"{terminal.columns}{client if terminal.wraps else ' (nobody has said)'}",
        "rows": str(terminal.rows or "unknown: nothing stops at a screen"),
        "charset": terminal.charset,
        "colour": "on" if terminal.colour else "off",
        "pager": "on" if terminal.pages else "off",
        "terminal": one_line(terminal.type) or "unknown",
    }
    for name, value in shown.items():
        terminal.say(f"{name:<9} {value}")


COMMANDS: Sequence[Command] = (set_preference,)
