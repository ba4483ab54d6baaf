"""The durable store: one schema on SQLite and PostgreSQL, one writer that shares its commits."""

from __future__ import annotations

from netsuite.store.sql.store import SQLStore

__all__ = ["SQLStore"]
