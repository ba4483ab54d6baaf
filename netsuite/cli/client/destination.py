"""The destination of what is fetched: one file, files in a directory, or standard output."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from netsuite.cli.client.files import STANDARD, Output, Progress
from netsuite.cli.client.naming import message_name, safe_name
from netsuite.cli.client.problems import (
    CommandError,
    Exit,
    FileTrouble,
    ReaderGone,
    complain,
    printable,
)


class SomeNotFetched(CommandError):
    """Some of several things could not be fetched; each has been told."""

    code = Exit.PARTLY


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user wants what is fetched.

    Args:
        file: for all of it; None for standard output, or for a name in *directory* each.
        directory: None for none.
        resume: whether what is there may be continued.
        forced: whether a terminal is shown anything.
        fixed: whether names are those of the URLs, whatever the server says.
    """

    file: Path | None = None
    directory: Path | None = None
    resume: bool = False
    forced: bool = False
    fixed: bool = False

    @property
    def is_standard(self) -> bool:
        """Whether it is standard output."""
        return self.file is None and self.directory is None


def place_of(output: str | None, *, by_name: bool, resume: bool) -> Place:
    """Return where ``-o`` and ``-O`` say. Raises FileTrouble.

    Args:
        output: a file, ``-``, or a directory: one that is there, or that ends with ``/``.
        by_name: whether files are called as in the URL, in the current directory or in *output*.
    """
    if output == STANDARD:
        return Place(forced=True)
    if output is None:
        return Place(directory=Path() if by_name else None, resume=resume, fixed=resume)
    path = Path(output)
    if output.endswith("/") or path.is_dir() or by_name:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileTrouble(f"{output} cannot be made: {error.strerror}") from None
        return Place(directory=path, resume=resume, fixed=resume)
    return Place(file=path, resume=resume)


class Destination:
    """Makes the outputs of a command.

    Args:
        progress: shown while something comes.
    """

    def __init__(self, place: Place, progress: Progress | None = None) -> None:
        self.place = place
        self.progress = progress or Progress()
        #: What has come whole, with the names of the files.
        self.done: list[Output] = []
        self._open: list[Output] = []
        self._taken: set[str] = set()  # names in the directory
        self._failed = 0

    def begin(self, name: str, *, fixed: bool = False) -> Output:
        """Return the output of something. Raises FileTrouble.

        Args:
            name: what it is called, where that is not said otherwise.
            fixed: whether the server's name for it does not count.
        """
        place = self.place
        if place.directory is None:
            path, rename = place.file, None
        else:
            path = self._unused(place.directory / (safe_name(name) or "_"))
            rename = None if fixed or place.fixed else self._renamed
        output = Output(
            path,
            resume=place.resume,
            progress=self.progress,
            forced=place.forced,
            rename=rename,
        )
        self._open.append(output)
        return output

    def _unused(self, path: Path) -> Path:
        """Return a path that nothing else of this command has taken: two URLs may end alike."""
        found, number = path, 2
        while found.name in self._taken:
            found = path.with_name(f"{path.stem}-{number}{path.suffix}")
            number += 1
        self._taken.add(found.name)
        return found

    def _renamed(self, name: str) -> Path | None:
        """Return where a file goes that a server has a name for. It replaces nothing: the user has
        not said that name."""
        assert self.place.directory is not None
        name = safe_name(name)
        if not name:
            return None
        path = self.place.directory / name
        if path.exists() or path.is_symlink():
            raise FileTrouble(f"{path} is there, and it is the server that calls it so: -o FILE")
        return path

    def end(self, output: Output, *, whole: bool) -> None:
        """End an output. Raises FileTrouble, ReaderGone."""
        self._open.remove(output)
        if whole:
            output.finish()
        output.close()
        if whole:
            self.done.append(output)

    @contextlib.contextmanager
    def output(self, name: str, *, fixed: bool = False) -> Iterator[Output]:
        """Return the output of something, and end it: whole unless something is raised."""
        output = self.begin(name, fixed=fixed)
        try:
            yield output
        except BaseException:
            with contextlib.suppress(FileTrouble, ReaderGone):
                self.end(output, whole=False)
            raise
        self.end(output, whole=True)

    def messages(self) -> Callable[[object], Callable[[bytes], None]]:
        """Return what begins a message by its number: returns what takes its octets, and none of
        them when it is whole."""

        def begin(number: object) -> Callable[[bytes], None]:
            output = self.begin(message_name(number))

            def write(octets: bytes) -> None:
                if octets:
                    output.write(octets)
                else:
                    self.end(output, whole=True)

            return write

        return begin

    def failed(self, what: str, why: str) -> None:
        """Tell of something that could not be fetched, and go on."""
        self._failed += 1
        complain(printable(f"{what}: {why}"))

    def finish(self) -> None:
        """Raise SomeNotFetched where that is so; what comes then is counted anew."""
        count, self._failed = self._failed, 0
        if count:
            raise SomeNotFetched(f"{count} could not be fetched")

    def close(self) -> None:
        """Close what is still open, broken off."""
        for output in list(self._open):
            with contextlib.suppress(FileTrouble, ReaderGone):
                self.end(output, whole=False)
