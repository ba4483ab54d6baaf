"""Which certificate serves which server name: the rules alone, on names and dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Offered:
    """A certificate, as far as the choice depends on it.

    Args:
        file: the name of its file, in lower case.
        names: for which it is good.
        not_after: until when.
        self_signed: whether nobody else vouches for it.
        self_made: whether we made it ourselves, for want of another.
    """

    file: str
    names: tuple[str, ...]
    not_after: datetime
    self_signed: bool = False
    self_made: bool = False


class ServerNames:
    """The choice among certificates, by the name that a client asks for.

    A file named exactly so wins; then the names in certificates, then their wildcards of one
    level, then ``default``. Of several for one name it is one that somebody else vouches for,
    then the one that is good longest. Whoever asks for no name, or an unknown one, gets
    ``default``: but where that is self-made and another covers the host's own name, that other.

    Args:
        host: the server's own name.
    """

    def __init__(self, offered: Iterable[Offered], host: str) -> None:
        by_file = {each.file: each for each in offered}
        default = by_file.pop(DEFAULT, None)
        best = sorted(by_file.values(), key=_preference)
        self._files = [each.file for each in best]
        self._named: dict[str, str] = {each.file: each.file for each in best}
        for each in best:
            for name in each.names:
                self._named.setdefault(name, each.file)
        self._of_default = dict.fromkeys(default.names, DEFAULT) if default is not None else {}
        self._other: str | None = None
        of_host = _find(self._named, host)
        if default is not None and not (default.self_made and of_host):
            self._other = DEFAULT
        else:
            self._other = of_host or next(iter(self._files), None)
        if default is not None:
            self._files.append(DEFAULT)

    def find(self, name: str) -> str | None:
        """Return the file of the certificate for a name, which may be empty; None where there is
        no certificate at all."""
        return _find(self._named, name) or _find(self._of_default, name) or self._other

    def served(self) -> Mapping[str, str]:
        """Return in words what each certificate serves, by its file."""
        serves: dict[str, list[str]] = {file: [] for file in self._files}
        for name in dict.fromkeys((*self._named, *self._of_default)):
            # The name of a file need be no server's: who puts it there knows which he means.
            file = self._named.get(name) or self._of_default[name]
            serves[file].append(name)
        if self._other is not None:
            serves[self._other].append("whoever asks for none of the names here")
        return {file: ", ".join(found) or "nobody" for file, found in serves.items()}


def _find(files: Mapping[str, str], name: str) -> str | None:
    """Return the file for a name, exactly or by wildcard."""
    return files.get(name) or files.get("*." + name.partition(".")[2])


def _preference(offered: Offered) -> tuple[bool, float, str]:
    return offered.self_signed, -offered.not_after.timestamp(), offered.file
