"""What is set up, what is missing, and what to do: `leadledger doctor`."""
