"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import merged
from netsuite.ftp.server import (
    changes,
    data,
    facts,
    login,
    navigation,
    status,
    transfers,
    who,
)
from netsuite.ftp.server.session import Session


class FTPServer(Session):
    """An FTP session that handles every command its dialog knows."""

    handlers = merged(
        login.HANDLERS,
        navigation.HANDLERS,
        changes.HANDLERS,
        status.HANDLERS,
        data.HANDLERS,
        transfers.HANDLERS,
        facts.HANDLERS,
        who.HANDLERS,
    )
