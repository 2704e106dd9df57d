"""Trainings that somebody starts from a page: each in a process of its own, one at a time, with its state in a file."""
