"""The doors: the web service, lists, the command line. What opens files, asks the clock or uses a network is here."""
