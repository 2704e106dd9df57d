"""Alembic's migrations of the decision log."""
