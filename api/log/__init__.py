"""The decision log: every score that was answered, with what it was made of; outcomes; answers that may be repeated."""
