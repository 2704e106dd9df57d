"""Processes and connections: workers, the protocol, accepting."""
