"""How many days a forecast looks ahead; apart, so that the command line need not load the engine to name them."""

USUAL_DAYS, MOST_DAYS = 90, 366
