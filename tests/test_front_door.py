"""`import leadledger`: the verbs, loaded at their first use."""

from __future__ import annotations

import ast
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import leadledger

HEAVY = ("duckdb", "fastapi", "numpy", "pandas", "scipy", "sklearn", "sqlglot", "yaml")


def test_the_verbs_are_exact_and_sorted() -> None:
    """Every name of `__all__` is there, in order, and nothing else is offered for completion."""
    assert leadledger.__all__ == sorted(leadledger.__all__)
    assert all(callable(getattr(leadledger, name)) for name in leadledger.__all__)
    assert [name for name in dir(leadledger) if not name.startswith("_")] == leadledger.__all__


def test_type_checkers_see_the_verbs_that_are_loaded() -> None:
    """The imports for type checkers and editors are of the modules from which the verbs are loaded."""
    assert leadledger.__file__ is not None
    tree = ast.parse(Path(leadledger.__file__).read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    modules = {node.names[0].asname: node.module for node in imports if node.names[0].asname}
    assert modules == {name: f"leadledger.{module}" for name, module in leadledger._MODULES.items()}


def test_an_unknown_name_is_refused() -> None:
    """A name that isn't there fails as in any module."""
    with pytest.raises(AttributeError, match="module 'leadledger' has no attribute 'nonsense'"):
        _ = leadledger.nonsense


def test_help_shows_the_verbs() -> None:
    """`help(leadledger)` has the signature of each verb."""
    page = pydoc.plain(pydoc.render_doc(leadledger))
    assert "score(card: " in page
    assert "train(" in page


def test_importing_loads_nothing_heavy() -> None:
    """The import itself loads no library at all that a verb may need."""
    code = f"import sys, leadledger; sys.exit(any(name in sys.modules for name in {HEAVY}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
