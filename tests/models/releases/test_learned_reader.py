"""Reading learned.json: each mistake is refused with its path."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.models.releases.learned_reader import learned_from_dict, learned_from_text
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.lookup import (
    Combination,
)
from leadledger.scoring.scorecard import Learned
from tests.models.releases.learned_examples import (
    FLAGS,
    LEARNED,
    chain,
    floats,
    tenths,
    texts,
)


@pytest.mark.parametrize("trust", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_refused(trust: float) -> None:
    """NaN and infinity are not JSON, and are refused."""
    with pytest.raises(ReleaseError, match="is not a finite number"):
        learned_from_text(learned_to_text(Learned(trust=trust)))


NUMBERS, TEXTS, CELLS, TREES = "$.terms[0].bins", "$.terms[1].bins", "$.terms[2].rows", "$.terms[3].trees"
MISTAKES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("format",), 2, "$.format is 2; this version of leadledger reads format 1"),
    (("format",), None, "$.format is None; this version of leadledger reads format 1"),
    (("more",), 1, "$ has the unknown key 'more'"),
    (("base_rate",), 0, "$.base_rate is 0.0; it must lie between 0 and 1, both left out"),
    (("base_rate",), "a lot", "$.base_rate must be a number, not 'a lot'"),
    (("start",), 48.35, "$.start is 48.35; points have at most one decimal"),
    (("start",), True, "$.start must be a number, not True"),
    (("trust",), 1.5, "$.trust is 1.5; it must lie between 0 and 1"),
    (("trust",), None, "$.trust must be a number, not nothing"),
    (("lines",), [], "$.lines must be a record, not a list"),
    (("lines", "opportunity"), {}, "$.lines['opportunity'] has no 'points'"),
    (("lines", "opportunity", "promise"), 7, "$.lines['opportunity'].promise must be a text, not 7"),
    (("terms",), {}, "$.terms must be a list, not a record"),
    (("terms", 0), None, "$.terms[0] must be a record, not nothing"),
    (("terms", 0, "field"), 3, "$.terms[0].field must be a text, not 3"),
    (("terms", 0, "kind"), "date", "$.terms[0].kind is 'date', which is not one of: number, text, flag"),
    (("terms", 0, "kind"), "flag", f'{NUMBERS}[1] says {{"below": 10}}; in this place it must say {{"is": "no"}}'),
    (("terms", 0, "kind"), "text", f"{NUMBERS}[1] has no 'level'"),
    (("terms", 0, "bins"), [], "$.terms[0] has 0 bins of a number where 2 belong"),
    (
        ("terms", 0, "bins", 1, "points"),
        1e9,
        f"{NUMBERS}[1].points is 1000000000.0; points lie between -100000 and 100000",
    ),
    (("terms", 0, "bins", 1, "points"), 10**400, f"{NUMBERS}[1].points is not a finite number"),
    (("terms", 0, "bins", 1, "leads"), 1.0, f"{NUMBERS}[1].leads must be a count of leads, not 1.0"),
    (("terms", 0, "bins", 1, "leads"), -1, f"{NUMBERS}[1].leads must be a count of leads, not -1"),
    (("terms", 0, "bins", 1, "label"), "x", f"{NUMBERS}[1] has the unknown key 'label'"),
    (("terms", 0, "bins", 1, "below"), "10", f"{NUMBERS}[1].below must be a number, not '10'"),
    (
        ("terms", 0, "bins", 1, "below"),
        50.5,
        f"{NUMBERS}[2] ends below 50.5, and the bin before it below 50.5; edges must ascend",
    ),
    (
        ("terms", 0, "bins", 2, "from"),
        12,
        f'{NUMBERS}[2] says {{"from": 12, "below": 50.5}}; in this place it must say {{"from": 10, "below": 50.5}}',
    ),
    (
        ("terms", 0, "bins", 0, "is"),
        "other",
        f'{NUMBERS}[0] says {{"is": "other"}}; in this place it must say {{"is": "missing"}}',
    ),
    (
        ("terms", 1, "field"),
        "employees",
        "$.terms[1] is a second term 'employees'; a field, or a set of fields, has one",
    ),
    (("terms", 1, "bins", 2, "level"), "Bygg & anlegg", f"{TEXTS}[2] is a second bin for 'Bygg & anlegg'"),
    (("terms", 1, "bins", 2, "level"), "\ud800", f"{TEXTS}[2].level is '\\ud800', which holds half a character"),
    (("terms", 2, "fields"), ["demo", "demo"], "$.terms[2] must have two different fields and their two kinds"),
    (("terms", 2, "kinds"), ["flag"], "$.terms[2] must have two different fields and their two kinds"),
    (("terms", 2, "rows"), [], "$.terms[2] has 0 bins of a flag where 3 belong"),
    (
        ("terms", 2, "rows", 1, "row"),
        {"is": "yes"},
        f'{CELLS}[1].row says {{"is": "yes"}}; in this place it must say {{"is": "no"}}',
    ),
    (("terms", 2, "rows", 1, "cells"), [], f"{CELLS}[1].cells must have the same bins as the cells of the first row"),
    (
        ("terms", 2, "rows", 1, "cells"),
        [{"points": 0, "leads": 1, "is": "missing"}, {"points": 0, "leads": 1, "is": "any"}],
        f"{CELLS}[1].cells must have an 'error' where the cells of the first row have one",
    ),
    (("terms", 2, "rows", 1, "cells", 0, "error"), -0.1, f"{CELLS}[1].cells[0].error is -0.1; an error is 0 or more"),
    (
        ("terms", 2, "rows", 1, "cells", 0, "error"),
        0.25,
        f"{CELLS}[1].cells[0].error is 0.25; points have at most one decimal",
    ),
    (
        ("terms", 0, "bins", 1, "error"),
        1,
        f"{NUMBERS}[1] has an 'error' and the bin before it none, or the other way round; all have one or none has",
    ),
    (
        ("terms", 3, "fields"),
        ["demo", "employees"],
        "$.terms[3] has 2 fields, 3 kinds and 3 lists of bins; one each belongs",
    ),
    (("terms", 3, "kinds"), [], "$.terms[3] has 3 fields, 0 kinds and 3 lists of bins; one each belongs"),
    (("terms", 3, "bins"), {}, "$.terms[3].bins must be a list, not a record"),
    (
        ("terms", 3, "bins", 0, 1),
        {"is": "yes"},
        '$.terms[3].bins[0][1] says {"is": "yes"}; in this place it must say {"is": "no"}',
    ),
    (("terms", 3, "error"), -1, "$.terms[3].error is -1.0; an error is 0 or more"),
    (("terms", 3, "error"), None, "$.terms[3].error must be a number, not nothing"),
    (
        ("terms", 3, "trees"),
        [],
        "$.terms[3] has the field 'demo', which no tree asks",
    ),
    (("terms", 3, "trees", 1), {"points": 1, "leads": 1}, f"{TREES}[1] asks no field; a tree has an 'if'"),
    (("terms", 3, "trees", 0, "then"), 7, f"{TREES}[0].then must be a record, not 7"),
    (("terms", 3, "trees", 0, "then", "in"), None, f"{TREES}[0].then.in must be a list, not nothing"),
    (
        ("terms", 3, "trees", 0, "if"),
        "industri",
        f"{TREES}[0].if asks 'industri', which is not among the fields of its combination",
    ),
    (
        ("terms", 3, "trees", 1, "then", "in"),
        [],
        f"{TREES}[1].then.in names none of the 5 bins of 'employees'; a choice names some and leaves some",
    ),
    (
        ("terms", 3, "trees", 1, "in"),
        [{"is": "missing"}, {"is": "no"}, {"is": "yes"}],
        f"{TREES}[1].in names all of the 3 bins of 'demo'; a choice names some and leaves some",
    ),
    (
        ("terms", 3, "trees", 0, "in", 1, "below"),
        60,
        f'{TREES}[0].in[1] says {{"below": 60}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in", 1),
        {"from": 100, "below": 10},
        f'{TREES}[0].in[1] says {{"from": 100, "below": 10}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in", 0),
        {"level": "missing"},
        f'{TREES}[0].in[0] says {{"level": "missing"}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "then", "in", 2),
        {"level": "else"},
        f'{TREES}[0].then.in[2] says {{"level": "else"}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 50.5}, {"is": "missing"}],
        f'{TREES}[0].in[1] says {{"is": "missing"}} after what comes behind it; bins stand once, in their order',
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 50.5}, {"from": 10, "below": 50.5}],
        f'{TREES}[0].in[1] says {{"from": 10, "below": 50.5}} after what comes behind it;'
        " bins stand once, in their order",
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 10}, {"from": 10, "below": 50.5}],
        f'{TREES}[0].in says [{{"below": 10}}, {{"from": 10, "below": 50.5}}]; it must say [{{"below": 50.5}}]',
    ),
    (("terms", 3, "trees", 0, "else", "leads"), -1, f"{TREES}[0].else.leads must be a count of leads, not -1"),
    (("terms", 3, "trees", 0, "else", "why"), "x", f"{TREES}[0].else has the unknown key 'why'"),
    (
        ("terms", 3, "trees", 0, "else", "points"),
        99_999.8,
        "$.terms[3] could add up to 100000.3; the points of a term lie between -100000 and 100000",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_mistakes_are_named(path: tuple[Any, ...], value: Any, message: str) -> None:
    """One mistake in the file is refused with its path, what is wrong and what belongs there."""
    data = copy.deepcopy(learned_to_dict(LEARNED))
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(data)
    assert str(caught.value) == message
    if "half a character" not in message:
        with pytest.raises(ReleaseError) as caught:
            learned_from_text(json.dumps(data))
        assert str(caught.value) == message


def test_a_set_of_fields_has_one_term() -> None:
    """Two combinations of the same fields, in whatever order, are refused: the ledger would name both alike."""
    first = Combination(("a", "b", "c"), FLAGS, (chain(3),))
    second = Combination(("c", "b", "a"), FLAGS, (chain(3),))
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(learned_to_dict(Learned(terms=(first, second))))
    assert str(caught.value) == "$.terms[1] is a second term 'c & b & a'; a field, or a set of fields, has one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "what was learned is not JSON: Expecting value, line 1"),
        ("{\n]", "what was learned is not JSON: Expecting property name enclosed in double quotes, line 2"),
        ("[]", "$ must be a record, not a list"),
        ("{}", "$ has no 'format'"),
        ('{"format": 1, "format": 1}', "the key 'format' stands twice in one record"),
        ("NaN", "NaN is not a finite number"),
        ("-Infinity", "-Infinity is not a finite number"),
        ("[" * 100_000, "what was learned is not JSON that can be read"),
        ("1" * 10_000, "what was learned is not JSON that can be read"),
    ],
)
def test_texts_that_are_not_learned_json_are_refused(text: str, message: str) -> None:
    """What is not JSON, or JSON of another shape, is refused without a traceback."""
    with pytest.raises(ReleaseError) as caught:
        learned_from_text(text)
    assert str(caught.value) == message


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | texts,
        lambda values: st.lists(values) | st.dictionaries(texts, values),
    )
)
def test_any_json_is_refused_or_read(data: Any) -> None:
    """JSON of any shape is refused with a ReleaseError, never another error."""
    with pytest.raises(ReleaseError):
        learned_from_dict(data)


@given(st.data())
def test_any_damage_is_refused_or_read(data: st.DataObject) -> None:
    """A file with some value replaced is refused with a ReleaseError, or is a sound file with other numbers."""
    whole: Any = copy.deepcopy(learned_to_dict(LEARNED))
    place, key = whole, data.draw(st.sampled_from(list(whole)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(st.none() | st.booleans() | floats | tenths | texts | st.just([]) | st.just({}))
    try:
        read = learned_from_dict(whole)
    except ReleaseError:
        return
    assert learned_from_dict(learned_to_dict(read)) == read
