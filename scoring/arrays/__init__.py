"""The arrays printer: a scorecard over blocks of rows, by look-ups and sums of integers."""
