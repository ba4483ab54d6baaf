"""What a worker is started with, and by which descriptors: nothing of it is on its command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from netsuite.bus import Value
from netsuite.config.schema import Settings
from netsuite.workers.table import unnamed_file

#: The question by which the parent has workers take other settings; the answers are lines.
RELOAD: Final = "reload"
#: A worker's descriptors: the bus, the file of what is below, the table, then the sockets.
BUS: Final = 3
START: Final = 4
TABLE: Final = 5
SOCKETS: Final = 6


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker has to know.

    Args:
        number: its own, from 1.
        names: the services it runs.
        home: the home directory.
        config: the configuration file, for messages; empty for none.
        settings: as ``settings_value`` has them.
        handlers: files of handlers.
        sockets: the descriptors it has, by the name of the place where they listen.
        reactor: the module that installs the reactor.
    """

    number: int
    names: Sequence[str]
    home: str
    config: str
    settings: Value
    handlers: Sequence[str]
    sockets: Mapping[str, Sequence[int]]
    reactor: str

    def write(self) -> int:
        """Write it to a file without a name; return the descriptor."""
        descriptor = unnamed_file()
        with open(descriptor, "wb", closefd=False) as file:
            file.write(json.dumps(asdict(self)).encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    @classmethod
    def read(cls, descriptor: int) -> Start:
        """Read it from that file, which is closed."""
        with open(descriptor, "rb") as file:
            return cls.read_from(file)

    @classmethod
    def read_from(cls, file: BinaryIO) -> Start:
        """Read it."""
        return cls(**json.loads(file.read()))

    @property
    def config_path(self) -> Path | None:
        """The configuration file."""
        return Path(self.config) if self.config else None


def settings_value(settings: Settings) -> Value:
    """Return settings as they are told to a worker."""
    value: Value = settings.model_dump(mode="json")
    return value


def read_settings(value: Value) -> Settings:
    """Return what ``settings_value`` was made of."""
    return Settings.model_validate(value)
