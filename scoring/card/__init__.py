"""The card: YAML read with positions, conditions parsed into trees, names that CRMs use for fields."""
