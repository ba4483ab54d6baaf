"""How text is set off on a terminal that has colours: meanings, and what each is shown as."""

from __future__ import annotations

import enum
import re
from typing import Final


class Style(enum.Enum):
    """What a text is; the value is what it is shown as (ECMA-48, 8.3.117: SGR)."""

    PLAIN = ""
    TITLE = "1"  # a heading
    NEW = "1;32"  # what has not been seen yet
    NAME = "36"  # somebody's name, a group's, a command's
    PLACE = "1;34"  # a directory
    QUOTED = "32"  # what somebody else has written before
    FAINT = "2"  # what matters less
    FOUND = "7"  # what was searched for
    WARNING = "1;31"  # what went wrong, or is about to


#: Terminals of these kinds, and whatever has "color" in its name, have the eight colours.
_WITH_COLOUR: Final = re.compile(
    r"(?i)color|^(ansi|xterm|linux|screen|tmux|rxvt|putty|konsole|gnome|vte|cygwin|cons25|eterm"
    r"|aixterm|dtterm|teraterm|kterm|mlterm|iterm|kitty|alacritty|foot|wezterm|ghostty|contour"
    r"|st|hurd|interix|nsterm|mach|syncterm)\b"
)


def has_colour(terminal_type: str) -> bool:
    """Return whether a terminal of that name has colours."""
    return _WITH_COLOUR.search(terminal_type) is not None and not terminal_type.endswith("-m")


def styled(text: str, style: Style) -> str:
    """Return sanitized text set off; no row is left set off, whatever comes behind it."""
    if style is Style.PLAIN or not text:
        return text
    begin, end = f"\x1b[{style.value}m", "\x1b[0m"
    return "\n".join(begin + line + end if line else "" for line in text.split("\n"))
