"""Hooks: signed messages about decisions, and how they are delivered. Nothing here knows a web framework."""
