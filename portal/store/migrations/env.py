"""Alembic's entry: it runs on the connection that `portal.store.migrate` hands over."""

from alembic import context

from portal.store.tables import Base

# SQLite alters a table by copying it, which Alembic calls a batch.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
