"""A first card for a list of leads: what each column holds, what the outcome may be, and what its owner must decide."""
