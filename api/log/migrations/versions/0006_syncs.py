"""What syncs with CRMs know: how far each account was read, and what was written to its records."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    ordered = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "sync_states",
        sa.Column("system", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("watermark", sa.String(27), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("given", sa.Text, nullable=False),
        sa.Column("owned", sa.Text, nullable=False),
        sa.Column("whole_at", sa.String(27), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_table(
        "synced_records",
        sa.Column("system", ordered, primary_key=True),
        sa.Column("id", ordered, primary_key=True),
        sa.Column("lead", sa.Text, nullable=False),
        sa.Column("lead_key", sa.Text, nullable=False),
        sa.Column("changed", sa.String(27), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("mark", sa.String(54), nullable=False),
    )
    op.create_index("synced_records_by_lead", "synced_records", ["lead_key"])
