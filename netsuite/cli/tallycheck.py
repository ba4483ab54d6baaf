"""The tallies of files held against the files, and set right where nobody is in the home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from netsuite.cli.homecheck import Fault
from netsuite.store.file_usage import FileAmount
from netsuite.store.files.counting import Count
from netsuite.store.files.site_trees import HOME
from netsuite.store.sql.database import Database
from netsuite.store.sql.file_usage import Tally, set_tally, tallies


def tally_faults(database: Database, files: Path) -> Iterator[Fault]:
    """Count the files of each account that has a quota, and that no process is at work on.

    What other programs have put into a home, or taken away, is found so. What was begun while it
    was counted is left out.

    Args:
        files: the folder of all files.

    Raises:
        StoreError: the store cannot be read.
    """
    found: dict[Tally, FileAmount] = {}
    for tally in tallies(database):
        counted = _count(files / HOME / tally.name)
        if counted != tally.amount:
            found[tally] = counted
    still = set(tallies(database)) if found else set()
    for tally, counted in found.items():
        if tally in still:
            yield Fault(
                f"account {tally.name} says {_words(tally.amount)}, and has {_words(counted)}",
                "counted again",
                partial(set_tally, database, tally.account, counted),
            )


def _count(home: Path) -> FileAmount:
    try:
        root = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return FileAmount()
    try:
        count = Count(root, ())
        while count.step():
            pass
        return count.amount
    finally:
        os.close(root)


def _words(amount: FileAmount) -> str:
    return f"{amount.octets:,} octets in {amount.files:,} files and directories"
