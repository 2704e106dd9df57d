"""What is learned and kept: bins, the additive classifier, its compilation to tables, and releases.

Serving reads `models.releases.store` only. The other modules need the `train` extra and are imported by name.
"""
