"""The quick `__init__` of results: in everything but its speed, that of `dataclasses`."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import MISSING, FrozenInstanceError, astuple, field, fields, make_dataclass, replace
from typing import Any

import pytest

from leadledger.scoring.cleaning import Lead
from leadledger.scoring.result import AxisScore, Entry, Question, Recommendation, Result

CLASSES = (AxisScore, Entry, Lead, Question, Recommendation, Result)


def make_plain(made: type[Any]) -> type[Any]:
    """The same class with the `__init__` that `dataclasses` writes."""
    described = [
        (member.name, member.type)
        if member.default is MISSING
        else (member.name, member.type, field(default=member.default))
        for member in fields(made)
    ]
    return make_dataclass(made.__name__, described, frozen=True, slots=True)


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.__name__)
def test_arguments_are_those_of_a_dataclass(made: type[Any]) -> None:
    """Names, order, defaults and annotations of the arguments are the same, and so is what they make."""
    plain = make_plain(made)
    names = [member.name for member in fields(made)]
    signature, expected = inspect.signature(made), inspect.signature(plain)
    assert [str(parameter) for parameter in signature.parameters.values()] == [
        str(parameter) for parameter in expected.parameters.values()
    ]
    required = {name: f"<{name}>" for name in names if expected.parameters[name].default is inspect.Parameter.empty}
    assert astuple(made(**required)) == astuple(plain(**required))
    assert astuple(made(*names)) == astuple(plain(*names)) == tuple(names)
    with pytest.raises(TypeError, match=r"^\w+\.__init__\(\) missing 1 required positional argument: "):
        made(**dict(list(required.items())[1:]))


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.__name__)
def test_what_is_made_is_a_frozen_record(made: type[Any]) -> None:
    """It can't be changed, is equal to its copies, and can be pickled, copied and replaced."""
    record = made(*(member.name for member in fields(made)))
    first = fields(made)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(record, first, "other")
    with pytest.raises((FrozenInstanceError, TypeError)):
        record.other = 1
    assert pickle.loads(pickle.dumps(record)) == copy.deepcopy(record) == replace(record) == record
    assert hash(record) == hash(replace(record))
    assert replace(record, **{first: "other"}) != record
    assert repr(record).startswith(f"{made.__name__}({first}='{first}'")
