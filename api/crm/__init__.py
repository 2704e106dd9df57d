"""CRMs: one file per system, which says how its bodies are recognised, read and answered."""
