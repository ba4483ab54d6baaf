"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import merged
from netsuite.nntp.server import (
    administration,
    listing,
    login,
    overview_commands,
    posting,
    retrieval,
    selection,
)
from netsuite.nntp.server.session import Session


class NNTPServer(Session):
    """An NNTP session that handles every command its dialog knows."""

    handlers = merged(
        administration.HANDLERS,
        login.HANDLERS,
        selection.HANDLERS,
        retrieval.HANDLERS,
        overview_commands.HANDLERS,
        listing.HANDLERS,
        posting.HANDLERS,
    )
