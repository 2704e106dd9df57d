"""The book of known leads, what sales said of them, and the outbox of messages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "book",
        sa.Column("key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("score_id", sa.String(26), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("card_digest", sa.String(64), nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("tenths", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("probability", sa.Float, nullable=True),
        sa.Column("percentile", sa.Integer, nullable=True),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("axis_grades", sa.Text, nullable=False),
        sa.Column("recommendation", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("to_stage", sa.Text, nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("below_since", sa.String(10), nullable=True),
        sa.Column("distance", sa.Integer, nullable=True),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("earlier_tenths", sa.Integer, nullable=True),
        sa.Column("earlier_on", sa.String(10), nullable=True),
        sa.Column("recent_tenths", sa.Integer, nullable=True),
        sa.Column("recent_on", sa.String(10), nullable=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("rejected_on", sa.String(10), nullable=True),
        sa.Column("snoozed_until", sa.String(10), nullable=True),
        sa.Column("input", sa.Text, nullable=False),
    )
    op.create_index("book_by_points", "book", ["recommendation", "tenths", "key"])
    op.create_index("book_by_probability", "book", ["recommendation", "probability", "key"])
    op.create_index("book_by_change", "book", ["recommendation", "change", "key"])
    op.create_index("book_by_since", "book", ["recommendation", "since", "key"])
    op.create_index("book_by_owner", "book", ["owner", "recommendation", "tenths", "key"])
    op.create_index("book_by_grade", "book", ["grade", "recommendation", "tenths", "key"])
    snoozed = sa.text("snoozed_until IS NOT NULL")
    op.create_index("book_by_snooze", "book", ["snoozed_until"], sqlite_where=snoozed, postgresql_where=snoozed)
    op.create_table(
        "feedback",
        sa.Column("number", number, primary_key=True),
        sa.Column("lead_key", sa.Text, nullable=False),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("until", sa.String(10), nullable=True),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("score_id", sa.String(26), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index("ix_feedback_lead_key", "feedback", ["lead_key"])
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(30), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("secrets", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("held_until", sa.String(27), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("number", number, primary_key=True),
        sa.Column("id", sa.String(30), nullable=False, unique=True),
        sa.Column("lead_key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_messages_lead_key", "messages", ["lead_key"])
    op.create_index("ix_messages_at", "messages", ["at"])
    op.create_table(
        "deliveries",
        sa.Column("message", number, primary_key=True),
        sa.Column("subscription", sa.String(30), primary_key=True),
        sa.Column("lead_key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.String(27), nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_index("deliveries_due", "deliveries", ["subscription", "state", "due", "message"])
    op.create_index("deliveries_by_lead", "deliveries", ["subscription", "lead_key", "state", "message"])
