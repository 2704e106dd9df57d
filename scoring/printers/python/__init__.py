"""The Python printer: a scorecard as a module of straight-line source."""
