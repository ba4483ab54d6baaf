"""The asking of a server for a file's hash: by HASH, or by XSHA256, XMD5, XCRC and their like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netsuite.ftp import commands
from netsuite.ftp.digests import FUNCTIONS
from netsuite.ftp.grammar import DIGESTS

#: The functions, the best first: of the long ones that which processors help with.
_BEST_FIRST: Final = ("SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32")


@dataclass(frozen=True, slots=True)
class FileHash:
    """The hash of a file.

    Args:
        function: one of ``netsuite.ftp.digests.FUNCTIONS``.
        value: in hexadecimal, in lower case.
    """

    function: str
    value: str


@dataclass(frozen=True, slots=True)
class Asking:
    """A way to ask a server for a hash.

    Args:
        word: the command.
        function: one of ``netsuite.ftp.digests.FUNCTIONS``.
        chosen: whether HASH uses it without being told to.
    """

    word: str
    function: str
    chosen: bool = True

    def command(self, path: str) -> commands.Command:
        """Return the command. A path is quoted for the older ones where numbers behind it could
        be meant by a part of it."""
        if self.word == "HASH":
            return commands.Hash(path)
        doubled = path.replace('"', '""')
        return commands.Digest(self.word, f'"{doubled}"' if set(path) & set(' "') else path)


def way_to_ask(features: Mapping[str, str]) -> Asking | None:
    """Return the best way to ask, by what FEAT said; None where there is none."""
    names = [each.strip() for each in features.get("HASH", "").upper().split(";")]
    for function in _BEST_FIRST:
        if f"{function}*" in names or function in names:
            return Asking("HASH", function, f"{function}*" in names)
        for word, of in DIGESTS.items():
            if of == function and word in features:
                return Asking(word, function)
    return None


_word: Final = re.compile(r'[^\s"]+')
_hexadecimal: Final = re.compile(r"[0-9A-Fa-f]+")


def hash_in(answer: commands.Reply, function: str, path: str) -> str | None:
    """Return the hash in a reply, in lower case; None where there is none.

    Servers put it alone, behind function and range (HASH), or before or behind the path.
    """
    digits = len(FUNCTIONS[function]().hexdigest())
    fewest = 1 if function == "CRC32" else digits  # some leave zeros away
    text = answer.text.replace(f'"{path}"', "").removesuffix(f" {path}").removeprefix(f"{path} ")
    found = [
        word
        for word in _word.findall(text)
        if fewest <= len(word) <= digits and _hexadecimal.fullmatch(word)
    ]
    # Where zeros may be left away, a short word of a sentence may look like a hash as well.
    return str(max(found, key=len)).lower().zfill(digits) if found else None
