"""The routes of the console: its pages, each with what can be done on it."""

from __future__ import annotations

from typing import Final

from netsuite.console.pages import (
    account,
    accounts,
    aliases,
    certificates,
    configuration,
    groups,
    log,
    logins,
    overview,
    queue,
    sessions,
    storage,
)
from netsuite.console.visit import Route

ROUTES: Final[tuple[Route, ...]] = (
    *overview.ROUTES,
    *sessions.ROUTES,
    *accounts.ROUTES,
    *account.ROUTES,
    *aliases.ROUTES,
    *queue.ROUTES,
    *groups.ROUTES,
    *logins.ROUTES,
    *certificates.ROUTES,
    *storage.ROUTES,
    *log.ROUTES,
    *configuration.ROUTES,
)
