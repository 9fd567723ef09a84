"""What alembic runs to carry out the steps: on the connection that `schema.py` hands in."""

from __future__ import annotations

from alembic import context

from engine.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a column by making the table anew
    transactional_ddl=True,  # SQLite can, when the transaction is begun by hand as it is here
)
with context.begin_transaction():
    context.run_migrations()
