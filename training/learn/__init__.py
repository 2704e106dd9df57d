"""From rows to points: splits, the fit, trust in the rules, and the promotion threshold."""
