"""The desk: what its pages show, worked out by pure functions from what the service knows."""
