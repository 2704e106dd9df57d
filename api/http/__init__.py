"""The HTTP side: who may call what, limits, problems and routes."""
