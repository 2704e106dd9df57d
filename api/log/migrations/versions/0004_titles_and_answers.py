"""What leads are called, for a search, and when sales last answered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Titles come with the next score of each lead, such as that of a rescore."""
    op.add_column("book", sa.Column("title", sa.Text, nullable=False, server_default=""))
    op.add_column("book", sa.Column("answered_on", sa.String(10), nullable=True))
    op.create_index("book_by_title", "book", ["title", "key"])
    rejected = sa.text("rejected_on IS NOT NULL")
    op.create_index("book_by_rejection", "book", ["rejected_on"], sqlite_where=rejected, postgresql_where=rejected)
    answers = 'SELECT lead_key, max("on") AS last_on FROM feedback GROUP BY lead_key'
    op.execute(
        f"UPDATE book SET answered_on = (SELECT last_on FROM ({answers}) AS answers WHERE lead_key = book.key)"
        " WHERE key IN (SELECT lead_key FROM feedback)"
    )
