"""A process that stores, replaces, moves and removes ann's files until it is killed, and says so.

Run with the home, and a number that names it.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from twisted.internet.defer import ensureDeferred, gatherResults
from twisted.python.failure import Failure

from netsuite.store.errors import StoreError
from netsuite.store.files import SiteTrees
from netsuite.store.files.quotas import LOCKS, FileQuotas
from netsuite.store.files.thread_jobs import Threads
from netsuite.store.sql import SQLStore
from netsuite.store.tree import HomeTree, TreePath
from tests.store.reactors import reactor


def make(home: Path) -> tuple[SQLStore, SiteTrees]:
    """Make the store and the trees of a home."""
    store = SQLStore(f"sqlite:///{home}/netsuite.db", clock=reactor, threads=reactor)
    quotas = FileQuotas(store, reactor, locks=home / LOCKS)
    threads = Threads(reactor, 4, name="files")
    return store, SiteTrees(home, run=threads.run, quotas=quotas)


async def put(tree: HomeTree, path: TreePath, octets: int) -> None:
    """Store a file."""
    upload = await tree.upload(path)
    try:
        for start in range(0, octets, 50_000):
            waiting = upload.write(b"x" * min(50_000, octets - start))
            if waiting is not None:
                await waiting
        await upload.commit()
    finally:
        await upload.abort()


async def step(home: HomeTree, public: HomeTree, chance: random.Random) -> None:
    """Change one file or directory."""
    name, place = (f"f{chance.randrange(12)}",), (f"d{chance.randrange(3)}",)
    path = place + name if chance.random() < 0.4 else name
    match chance.randrange(8):
        case 0:
            await home.remove_file(path)
        case 1:
            await home.make_directory(place)
        case 2:
            await home.remove_directory(place)
        case 3:
            await home.rename(path, name)
        case 4:
            await home.move_to(path, public, name)
        case 5:
            await public.move_to(name, home, path)
        case _:
            await put(home, path, chance.choice((0, 100, 5000, 200_000, 800_000)))


async def work(home: HomeTree, public: HomeTree, chance: random.Random) -> None:
    """Change files for ever."""
    while True:
        try:
            await step(home, public, chance)
            print("done", flush=True)
        except StoreError:
            pass


async def main(home: Path, number: int) -> None:
    """Open all, and let five be at it."""
    store, trees = make(home)
    await store.open()
    await trees.start()
    ann = await trees.home("ann")
    chance = random.Random(number)
    await gatherResults([ensureDeferred(work(ann, trees.public, chance)) for _ in range(5)])


def failed(failure: Failure) -> None:
    """Say what went wrong, and end."""
    failure.printTraceback()
    reactor.stop()


if __name__ == "__main__":
    ensureDeferred(main(Path(sys.argv[1]), int(sys.argv[2]))).addErrback(failed)
    reactor.run()
