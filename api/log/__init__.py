"""The decision log: every answered score with its inputs, outcomes, and answers kept for idempotent requests."""
