"""Conditions as forms show them: rows of field, operator and values, and sentences."""
