"""Scoring: a card and a lead in, an exact ledger of points and a recommendation out.

Values in, values out: no clock (`as_of` is an argument), no database, no files but the card.
"""
