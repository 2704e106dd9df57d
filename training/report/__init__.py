"""The report of a release as a web page with charts."""
