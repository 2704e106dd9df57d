"""Whole lists, scored in DuckDB, PostgreSQL or Spark."""
