"""Alembic migrations of the decision log."""
