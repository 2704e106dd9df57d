"""Django settings of a BottleCRM to try things with on this machine, over its own: see `trial.py`.

Its tables stand in one file, not in PostgreSQL, so nothing has to be set up; that is what its own tests run on too.
Nothing here is for a BottleCRM that people work with.
"""

import os
import secrets

# Its settings refuse a short one. Tokens don't hang on it, so each start may have another.
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))

from crm.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.abspath("bottlecrm.sqlite3"),
        # Requests wait for each other instead of failing.
        "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode = WAL"},
    }
}


class _NoMigrations:
    """Tables are made of the models at once: the way through hundreds of migrations takes minutes in SQLite."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()

# No broker: what a task does, such as sending a webhook, is done by the request that asks for it.
CELERY_BROKER_URL = "memory://"
CELERY_RESULT_BACKEND = "cache+memory://"
CELERY_TASK_ALWAYS_EAGER = True
