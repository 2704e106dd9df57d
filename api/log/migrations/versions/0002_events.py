"""Events, and which ids are those of one lead."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "events",
        sa.Column("number", number, primary_key=True),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("received", sa.String(27), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.UniqueConstraint("source", "id", "digest", name="events_once"),
    )
    op.create_index("ix_events_lead", "events", ["lead"])
    op.create_index("ix_events_received", "events", ["received"])
    op.create_table(
        "joins",
        sa.Column("number", number, primary_key=True),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("received", sa.String(27), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.UniqueConstraint("lead", "other", "verb", name="joins_once"),
    )
    op.create_index("ix_joins_other", "joins", ["other"])
