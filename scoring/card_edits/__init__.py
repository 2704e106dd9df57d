"""Edits of a card's text that change it only where they must; comments, order and layout of all else stay."""
