"""The day's list as a mail: who is new, who is about to leave, who waits, whom to call and what to ask."""
