"""Backups: a home and its log in one folder, whole or not there, and back again."""
