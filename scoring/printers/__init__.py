"""Printers: one scorecard, written as Python, as SQL and as text for people."""
