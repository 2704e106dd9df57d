"""Formulas: scores that another system or a spreadsheet works out, rewritten as cards."""
