"""Of how many leads the questions are worked out; apart, so that the command line names them without any reader."""

USUAL_LEADS_ASKED, MOST_LEADS_ASKED = 2_000, 10_000
