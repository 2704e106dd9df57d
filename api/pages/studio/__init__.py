"""What the pages of the studio show: drafts of the card, what they would do, what stands against publishing them."""
