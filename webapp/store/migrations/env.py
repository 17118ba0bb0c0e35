"""Runs migrations on the connection, and in the transaction, that database.py hands over."""

from alembic import context

from webapp.store.database.tables import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
