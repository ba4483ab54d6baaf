"""What is mirrored, and what counts as the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from netsuite.ftp.mirror.rules import Options, Version, is_newer, is_same

T = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("include", "exclude", "path", "directory", "wanted"),
    [
        ((), (), "a/b", False, True),
        (("*.c",), (), "a/b.c", False, True),
        (("*.c",), (), "a/b.h", False, False),
        (("*.c",), (), "a", True, True),
        (("a/*.c",), (), "a/x/b.c", False, True),
        (("/a/*.c",), (), "b/a/b.c", False, False),
        ((), ("tmp",), "tmp", True, False),
        ((), ("tmp/",), "a/tmp", True, False),
        ((), ("a/tmp/",), "a/tmp", True, False),
        ((), ("a/tmp",), "tmp", True, True),
        (("*.c",), ("b*",), "b.c", False, False),
        ((), ("*.C",), "b.c", False, True),
        ((), ("[ab].c",), "b.c", False, False),
        ((), ("\udce9*",), "\udce9x", False, False),
    ],
)
def test_patterns(
    include: tuple[str, ...], exclude: tuple[str, ...], path: str, *, directory: bool, wanted: bool
) -> None:
    """Who excludes is stronger; directories are looked into."""
    options = Options(include=include, exclude=exclude)
    assert options.wants(path, directory=directory) is wanted


@pytest.mark.parametrize(
    ("source", "target", "kept", "earlier"),
    [
        (Version(1, T), Version(1, T), True, True),
        (Version(1, T), Version(2, T), False, False),
        (Version(1, T), Version(1, T + SECOND / 2), True, True),
        (Version(1, T), Version(1, T + SECOND), False, True),
        (Version(1, T), Version(1, T - SECOND), False, False),
        (Version(1, None), Version(1, T), True, True),
        (Version(1, None), Version(2, T), False, False),
        (Version(None, T), Version(1, T), True, True),
        (Version(None, T), Version(1, T - DAY), False, False),
        (Version(None, None), Version(1, T), False, False),
        (Version(1, T), Version(1, T - MINUTE + SECOND, 60), True, True),
        (Version(1, T), Version(1, T - MINUTE, 60), False, True),
        (Version(1, T), Version(1, T - DAY, 60), False, False),
        (Version(1, T, 86_400), Version(1, T - DAY + SECOND), True, True),
        (Version(1, T, 86_400), Version(1, T - 2 * DAY), False, False),
    ],
)
def test_same(source: Version, target: Version, *, kept: bool, earlier: bool) -> None:
    """A target that keeps times has its source's, as near as is known; one that does not is not
    earlier."""
    assert is_same(source, target, keeps_times=True) is kept
    assert is_same(source, target, keeps_times=False) is earlier


def test_newer() -> None:
    """Newer is later by more than is uncertain."""
    assert is_newer(Version(1, T + SECOND), Version(1, T))
    assert not is_newer(Version(1, T + SECOND / 2), Version(1, T))
    assert not is_newer(Version(1, T - SECOND), Version(1, T))
    assert not is_newer(Version(1, T + SECOND, 60), Version(1, T))
    assert not is_newer(Version(1, None), Version(1, T))
