"""The prompt for commands of netsuite telnet: what is to be done with the conversation itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from netsuite.cli.client.keymap import FUNCTIONS, Mode, key_name, key_named
from netsuite.cli.client.terminal import Terminal
from netsuite.telnet.client import TelnetClient
from netsuite.telnet.commands import Edit, Option, Verb
from netsuite.telnet.options import Side

PROMPT: Final = "netsuite telnet> "
HELP: Final = f"""\
  close                close the connection; so do quit and exit
  status               where we are connected, and which options are on
  send F               send a function: {", ".join(FUNCTIONS)};
                       or escape, for the escape key itself
  mode character|line  send every key at once, or lines that are edited here; mode auto: as the
                       server wants it
  set echo on|off      show what is typed here, or leave that to the server; set echo auto
  set escape ^X|off    take another key for this prompt, or none
  z                    stop the program; fg goes on
  Enter                go on with the conversation"""

_NAMES: Final[Mapping[int, str]] = {
    number: name for name, number in vars(Option).items() if isinstance(number, int)
}
_SIDES: Final[Mapping[Verb, str]] = {Verb.WILL: "we", Verb.DO: "the server"}
_ECHO: Final[Mapping[str, bool | None]] = {"on": True, "off": False, "auto": None}
_MODES: Final[Mapping[str, Mode | None]] = {
    "character": Mode.KEYS, "line": Mode.LINES, "auto": None
}  # fmt: skip


class Prompted(Protocol):
    """The conversation, as its prompt uses it."""

    client: TelnetClient
    screen: Terminal
    place: str
    escape: bytes
    chosen_mode: Mode | None
    chosen_echo: bool | None
    mode: Mode

    @property
    def how(self) -> str:
        """What is to be said of the connection beside its place."""

    async def ask(self, prompt: str) -> list[str]:
        """Return the words of a line that is asked for."""


class Prompt:
    """Takes commands until one goes on with the conversation, or ends it."""

    def __init__(self, conversation: Prompted) -> None:
        self._conversation = conversation
        self._client = conversation.client
        self._screen = conversation.screen

    async def run(self) -> bool:
        """Take commands; return whether the connection is to be closed."""
        while True:
            words = await self._conversation.ask(PROMPT)
            if words in (["close"], ["quit"], ["exit"]):
                return True
            if await self._obey(words):
                return False

    async def _obey(self, words: list[str]) -> bool:
        """Do what a line says; return whether the conversation goes on."""
        match words:
            case []:
                return True
            case ["z"]:
                self._screen.suspend()
                return True
            case ["send", "escape"]:
                await self._client.write_octets(self._conversation.escape)
                return True
            case ["send", name] if name in FUNCTIONS:
                self._client.press(FUNCTIONS[name])
                return True
            case ["mode", name] if name in _MODES:
                self._use_mode(_MODES[name])
                return True
            case ["set", "echo", name] if name in _ECHO:
                self._conversation.chosen_echo = _ECHO[name]
                return True
            case ["set", "escape", name] if name == "off" or key_named(name) is not None:
                self._conversation.escape = b"" if name == "off" else key_named(name) or b""
                return True
            case ["status"]:
                self._screen.tell("\n".join(self._status()))
            case _:
                self._screen.tell(HELP)
        return False

    def _use_mode(self, mode: Mode | None) -> None:
        """Have another mode here at once, and ask the server to do its part, if it speaks Telnet:
        one that edits by itself suppresses go-aheads, and shows what is typed."""
        self._conversation.chosen_mode = mode
        self._conversation.chosen_echo = None
        if mode is None or not self._client.dialog.speaks:
            return
        if not self._client.dialog.linemode.on:
            for option in (Option.SGA, Option.ECHO):
                self._client.want(option, on=mode is Mode.KEYS)

    def _status(self) -> Sequence[str]:
        conversation, dialog = self._conversation, self._client.dialog
        escape = key_name(conversation.escape) if conversation.escape else "none"
        lines = [
            f"  connected to {conversation.place}{conversation.how}",
            f"  {conversation.mode.value}",
            f"  escape key: {escape}",
        ]
        if dialog.linemode.on:
            names = [bit.name or "" for bit in Edit if bit & dialog.linemode.mask]
            lines.append(f"  line mode: {' '.join(names) or 'none'}")
        on: dict[str, list[str]] = {}
        for each in dialog.options.status():
            sides = on.setdefault(_NAMES.get(each.option, str(each.option)), [])
            sides.append(_SIDES[each.verb])
        lines += [f"  {name}: {' and '.join(sides)}" for name, sides in on.items()]
        if dialog.is_on(Side.HIM, Option.BINARY) and dialog.charset:
            lines.append(f"  characters: {dialog.charset}")
        return lines
