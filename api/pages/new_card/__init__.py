"""What the pages show that make a card from a list."""
