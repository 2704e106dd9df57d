"""Runs the migrations on the connection that `leadledger.api.log.database` hands over."""

from alembic import context

from leadledger.api.log.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
