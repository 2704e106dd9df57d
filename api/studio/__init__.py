"""The studio: drafts of the card, what they would do, and how they become releases."""
