"""One file per SQL dialect, each stating how it differs from the others."""
