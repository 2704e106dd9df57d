"""`python -m leadledger`: the command line."""

from leadledger.api.cli.commands import main

main()
