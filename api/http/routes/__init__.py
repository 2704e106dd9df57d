"""The routes: each parses, calls one verb and shapes the answer."""
