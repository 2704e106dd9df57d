"""Fields: the names under which a value may come, and the name that people see."""

from __future__ import annotations

from leadledger.scoring.field import Field


def test_names_of_a_field() -> None:
    """A value may come under the field's own name and under those of each system, each once."""
    field = Field("size", "number", sources=(("a", "Size"), ("b", "size"), ("b", "Size")), label="")
    assert field.columns == ("size", "Size")
    assert Field("days_silent", "number").title == "days silent"
    assert Field("size", "number", label="people").title == "people"
