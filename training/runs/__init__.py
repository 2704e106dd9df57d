"""Whole runs: training, recalibration, where a release came from, and experiment tracking."""
