"""The simulated CRM behind simulate.py: a file for each of its parts."""
