"""CRMs: how their bodies are recognised, read and answered."""
