"""The resources that a selector may name: a menu, octets, a text, a stream, a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeAlias

from netsuite.gopher.commands import ItemType
from netsuite.gopher.dialog import Menu
from netsuite.store.tree import OpenFile


@dataclass(frozen=True, slots=True)
class Octets:
    """Some octets, sent as they are."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a stream, its line ends as they come."""

    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Stream:
    """Octets as a stream, sent as they are."""

    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class File:
    """An open file, which whoever sends it closes; as a text its lines end with CRLF and a dot."""

    file: OpenFile
    kind: ItemType


Resource: TypeAlias = Menu | Octets | Text | Stream | File
