"""Numbers in a card that its author wrote as people do, `50.000`, `50k` or `€ 50`: what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from leadledger.scoring.errors import ConditionError, UnreadableValue, quote
from leadledger.scoring.number_forms import NUMBER_PATTERN, find_two_readings, read_number

_FACTORS = {"k": 1_000, "t": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000, "million": 1_000_000}
_MONEY = "€$£¥₹"
_BESIDE = re.compile(rf"(?P<money>[{_MONEY}] ?)?(?P<digits>[+-]?[0-9][0-9., '’]*?)(?P<behind> ?[{_MONEY}%]| ?[a-z]+)?")


class Piece(Protocol):
    """A piece of a condition: a text, a name, a number, a word or a sign, with its offset."""

    @property
    def kind(self) -> str:
        """`number`, `word`, `sign` or another."""

    @property
    def text(self) -> str:
        """The piece as it is written."""

    @property
    def start(self) -> int:
        """The offset of its first character."""


def correct_number(text: str) -> str:
    """What is wrong with a number in a card, and what to write instead; empty where nothing is, or it is no number."""
    match = _BESIDE.fullmatch(text.lower())
    if match is None or re.fullmatch(NUMBER_PATTERN, text):
        return ""
    digits, behind = match["digits"], (match["behind"] or "").strip()
    if behind.isalpha() and behind not in _FACTORS:
        return ""
    factor = _FACTORS.get(behind, 1)
    if find_two_readings(digits) is not None:
        numbers = [float(digits.replace(",", ".")), float(re.sub("[.,]", "", digits))]
    else:
        try:
            numbers = [read_number(digits) or 0.0]
        except UnreadableValue:
            return ""
        if behind == "%":
            numbers.append(numbers[0] / 100)
    plain = [f"{number * factor:.15g}" for number in numbers]
    # With three decimals, the smaller one would be refused again.
    mends = [f"{number}0" if find_two_readings(number) else number for number in plain]
    if len(plain) == 1:
        return f"is not written as a number; write {mends[0]}"
    return f"can be {' or '.join(plain)}; write {' or '.join(mends)}"


def check_numbers(pieces: Sequence[Piece], text: str) -> None:
    """Refuse numbers of a condition that are written as people do. Raises ConditionError with the offset."""
    in_list: list[bool] = []  # of each open bracket: whether commas in it separate values
    for i, piece in enumerate(pieces):
        if piece.text == "(":
            in_list.append(i > 0 and pieces[i - 1].text.lower() == "in")
        elif piece.text == ")" and in_list:
            in_list.pop()
        if piece.kind != "number":
            continue
        first = i - 1 if i and pieces[i - 1].text in _MONEY else i
        last = _find_unit(pieces, _find_last_digits(pieces, i, bool(in_list and in_list[-1])))
        written = text[pieces[first].start : _end(pieces[last])]
        mend = correct_number(written)
        if mend:
            raise ConditionError(f"{quote(written)} {mend}", pieces[first].start)


def _find_last_digits(pieces: Sequence[Piece], at: int, in_list: bool) -> int:
    """The last piece that belongs to the digits of a number: `50 000`, `1.234.567`, and outside of a list `1,5`."""
    last = at
    while last + 1 < len(pieces):
        after, touches = pieces[last + 1], pieces[last + 1].start == _end(pieces[last])
        if after.kind == "number" and (touches or re.fullmatch("[0-9]{3}([.][0-9]*)?", after.text)):
            last += 1
        elif after.text == "," and touches and last + 2 < len(pieces):
            digits = pieces[last + 2]
            grouped = find_two_readings(pieces[last].text) is not None and len(digits.text) != 3
            if digits.kind != "number" or digits.start != _end(after) or (in_list and not grouped):
                break
            last += 2
        else:
            break
    return last


def _find_unit(pieces: Sequence[Piece], last: int) -> int:
    """The piece behind a number that says what it counts, a k or a percent sign; else the last one of the number."""
    if last + 1 == len(pieces):
        return last
    behind = pieces[last + 1]
    is_unit = behind.kind == "word" and behind.text.lower() in _FACTORS
    ends = last + 2 == len(pieces) or pieces[last + 2].kind not in ("number", "quoted")
    return last + 1 if is_unit or (ends and behind.text in (*_MONEY, "%")) else last


def _end(piece: Piece) -> int:
    """The offset behind a piece."""
    return piece.start + len(piece.text)
