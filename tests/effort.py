"""How many examples a property test tries: all of them in `make test` and in CI, a tenth in `make test-fast`.

HYPOTHESIS_PROFILE=explore tries ten times as many. Of a test with a long list of cases, `make test-fast` tries a few.

Where each example costs a query that is the same for all, draw them beforehand and ask once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "repeat")
QUICK_SHARE = 10
FEWEST = 3
QUICK_CASES = 8  # of each test that has many
EXPLORED = 10  # times as many


def examples(count: int) -> int:
    """The number of examples to try, where a whole run tries `count`."""
    if PROFILE == "explore":
        return count * EXPLORED
    return max(FEWEST, count // QUICK_SHARE) if PROFILE == "quick" else count


def keep_cases(tests: Iterable[str]) -> list[bool]:
    """Which tests to run, of names such as `file::test[case]`: of each test, cases spread over its list."""
    names = [name.partition("[")[0] for name in tests]
    steps = {name: -(-count // QUICK_CASES) for name, count in Counter(names).items()}
    seen: Counter[str] = Counter()
    kept = []
    for name in names:
        kept.append(PROFILE != "quick" or seen[name] % steps[name] == 0)
        seen[name] += 1
    return kept


def draw_examples(strategy: SearchStrategy[Value], count: int) -> list[Value]:
    """The examples that a property test of a strategy would try, where a whole run tries `count`."""
    drawn: list[Value] = []

    @settings(max_examples=examples(count))
    @given(strategy)
    def keep(value: Value) -> None:
        drawn.append(value)

    keep()
    return drawn
