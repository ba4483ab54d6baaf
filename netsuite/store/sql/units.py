"""Units of work: what the writer does whole or not at all, and reports when it is durable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from twisted.internet.defer import Deferred

from netsuite.store.sql.transaction import Transaction

T = TypeVar("T")


class Unit(Generic[T]):
    """A piece of work that is done whole or not at all.

    ``octets`` is what it weighs in a batch. One that refuses, if it does, before it changed
    anything does not need a savepoint (``needs_savepoint``). One that is not ``durable`` may be
    lost with the power until one that is has been committed after it. What ``grows`` the database
    is refused while the disk is full, so that the rest is not.
    """

    needs_savepoint: ClassVar[bool] = True
    durable: ClassVar[bool] = True
    grows: ClassVar[bool] = False
    octets: int = 0
    #: What ``apply`` returned, while there is no error.
    result: T

    def __init__(self) -> None:
        self.done: Deferred[T] = Deferred()
        self.error: BaseException | None = None

    def apply(self, transaction: Transaction) -> T:
        """Do the work on the writer's thread."""
        raise NotImplementedError

    def committed(self) -> None:
        """Take note on the writer's thread that the work is durable."""

    def report(self) -> None:
        """Fire the Deferred, on the reactor's thread."""
        if self.error is None:
            self.done.callback(self.result)
        else:
            self.done.errback(self.error)


class Call(Unit[T]):
    """A function of the transaction as a unit."""

    def __init__(self, function: Callable[[Transaction], T]) -> None:
        super().__init__()
        self._function = function

    def apply(self, transaction: Transaction) -> T:
        """Call it."""
        return self._function(transaction)


class GrowingCall(Call[T]):
    """A function that adds content, or what there is ever more of."""

    grows: ClassVar[bool] = True


class PassingCall(Call[T]):
    """A function whose work may be lost with the power: what it notes is no promise."""

    durable: ClassVar[bool] = False


class Filing(Unit[None]):
    """Some messages that came to many folders are filed. That can be lost: they are there."""

    needs_savepoint: ClassVar[bool] = False
    durable: ClassVar[bool] = False

    def apply(self, transaction: Transaction) -> None:
        """File them."""
        transaction.file_some()


#: Units of a batch have results of many types.
AnyUnit: TypeAlias = Unit[Any]
