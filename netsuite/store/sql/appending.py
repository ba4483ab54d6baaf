"""Several contents delivered at once, and a message removed in whose place they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import FolderId, Placed
from netsuite.store.sql import messages
from netsuite.store.sql.delivery import Delivery
from netsuite.store.sql.transaction import Transaction
from netsuite.store.sql.units import Unit


class Deliveries(Unit[list[Placed]]):
    """Deliveries of which each goes to one place; all are done, or none.

    Args:
        instead_of: the folder and UID of a message that is removed before, so that its room is
            theirs.
    """

    grows: ClassVar[bool] = True

    def __init__(
        self, deliveries: Sequence[Delivery], instead_of: tuple[FolderId, int] | None
    ) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._instead_of = instead_of
        self.octets = sum(each.octets for each in deliveries)

    def apply(self, transaction: Transaction) -> list[Placed]:
        """Remove, then deliver. Raises NoSuchMessage, and what a delivery raises."""
        if self._instead_of is not None:
            folder, uid = self._instead_of
            if not messages.expunge(transaction, folder, [uid], deleted_only=False):
                raise NoSuchMessage(f"UID {uid}")
        return [placed for each in self._deliveries for placed in each.apply(transaction)]
