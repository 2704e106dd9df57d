"""Requests without HTTP: bodies, and the mistakes in them. No web framework here."""
