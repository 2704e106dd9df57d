"""The service without the web: settings, the loaded release, metrics, the program's log."""
