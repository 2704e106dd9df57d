"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "scores",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("lead", sa.Text, nullable=True),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("card_digest", sa.String(64), nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("tenths", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("probability", sa.Float, nullable=True),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("recommendation", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("input", sa.Text, nullable=True),
        sa.Column("result", sa.Text, nullable=True),
    )
    op.create_index("ix_scores_at", "scores", ["at"])
    op.create_index("scores_by_lead", "scores", ["lead", "at"])
    op.create_table(
        "cards",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("scores", sa.Text, nullable=False),
    )
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lead", sa.Text, nullable=True),
        sa.Column("became", sa.Text, nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.UniqueConstraint("lead", "became", "on", name="outcomes_once"),
    )
