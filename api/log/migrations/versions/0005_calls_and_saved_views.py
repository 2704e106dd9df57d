"""Indexes that say to which stage a lead is promoted, and the views of the list that people have named."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make two indexes anew, and add the table."""
    for name, column in (("book_by_points", "tenths"), ("book_by_since", "since")):
        op.drop_index(name, "book")
        op.create_index(name, "book", ["recommendation", column, "key", "to_stage"])
    op.create_table(
        "saved_views",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
