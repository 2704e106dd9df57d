"""Requests without HTTP: JSON, bodies, parameters, and the mistakes in them. No web framework here."""
