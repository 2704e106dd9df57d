"""What the data says: leakage, maturity, held-out measures, drift, the audit of rules, back-tests."""
