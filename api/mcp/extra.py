"""Whether the protocol's SDK is installed: it comes with the extra `mcp`."""

from __future__ import annotations

from importlib.util import find_spec

HOW_TO_INSTALL = "pip install 'leadledger[mcp]'"


def is_installed() -> bool:
    """Whether the tools can be served."""
    return find_spec("mcp") is not None
