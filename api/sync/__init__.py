"""Sync with a CRM: what changed there is scored into the book, and what moved is written back."""
