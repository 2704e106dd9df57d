"""Events: from the raw events of a lead to the values of a card's event fields, and what its event rules earn."""
