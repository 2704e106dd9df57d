"""What a card means: three-valued logic, the answers a lead could still give, and the reference for every printer."""
