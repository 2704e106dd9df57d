"""Tools for agents, over the Model Context Protocol. The protocol's SDK is imported when it is used."""
