"""The additive classifier, from bins to compiled tables. Needs the `train` extra."""
