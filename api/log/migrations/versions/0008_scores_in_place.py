"""PostgreSQL keeps a score's texts in its row: to compress them, or move them, took longer than to write them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Raise the size up to which a row is left as it is, to that of a page; rows that are there stay as they are.

    https://www.postgresql.org/docs/current/sql-createtable.html#RELOPTION-TOAST-TUPLE-TARGET
    """
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE scores SET (toast_tuple_target = 8160)")
