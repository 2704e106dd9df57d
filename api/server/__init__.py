"""Processes and connections: accepting callers, the HTTP protocol with limits, one worker or several."""

from leadledger.api.http.deferred_models import deferred_models

# Here, since each process that serves begins by importing a module of this folder.
with deferred_models():
    import fastapi  # noqa: F401  # loaded now, so that what follows finds it
