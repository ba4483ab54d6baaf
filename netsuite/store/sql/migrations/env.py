"""The environment of Alembic: the connection that ``netsuite.store.sql.migrate`` opened for it."""

from __future__ import annotations

from alembic import context

from netsuite.store.sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
