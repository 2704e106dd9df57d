"""Releases: the folder with everything that scores, how two of them differ, and the text of learned tables."""
