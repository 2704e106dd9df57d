"""Signatures of CRMs' calls that were used already, and the records that are to be read because of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    ordered = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "used_signatures",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.String(27), nullable=False, index=True),
    )
    op.create_table(
        "called_records",
        sa.Column("account", ordered, primary_key=True),
        sa.Column("id", ordered, primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
    )
