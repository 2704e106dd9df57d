"""The SQL printer: a scorecard as one SELECT, in steps that each dialect spells in its own way."""
