"""What was worked out before is looked up, within bounds."""

from __future__ import annotations

from leadledger.scoring.known_results import LONGEST_REMEMBERED, MOST_REMEMBERED, KnownResults


def test_a_result_is_worked_out_once() -> None:
    """The function is called for an argument once; an argument that raises is tried again."""
    calls: list[int] = []

    def divide(by: int) -> float:
        calls.append(by)
        return 1 / by

    results = KnownResults(divide)
    assert [results[2], results[2], results[4]] == [0.5, 0.5, 0.25]
    for _ in range(2):
        try:
            results[0]
        except ZeroDivisionError:
            continue
        raise AssertionError
    assert calls == [2, 4, 0, 0]


def test_what_is_kept_is_bounded() -> None:
    """Only so many results are kept, and none of a long text; each is right all the same."""
    lengths = KnownResults(lambda text: len(text))
    assert [lengths["x" * LONGEST_REMEMBERED], lengths["x" * (LONGEST_REMEMBERED + 1)]] == [100, 101]
    assert [*lengths] == ["x" * LONGEST_REMEMBERED]
    assert all(lengths[str(number)] == len(str(number)) for number in range(MOST_REMEMBERED + 10))
    assert len(lengths) <= MOST_REMEMBERED
