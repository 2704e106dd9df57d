"""Readers of files: CSV, JSON lines, Excel, Parquet and the decision log, scanned into DuckDB."""
