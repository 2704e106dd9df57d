"""What the pages about releases show: which there are, how good each is, and how two of them differ."""
