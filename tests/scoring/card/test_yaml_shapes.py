"""YAML with positions: the place of each mistake, the limits of a card, and files that are no card."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.card.yaml_shapes import DEEPEST_CARD, LARGEST_CARD, LONGEST_SECTION, MOST_PROBLEMS_LISTED
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import ScorecardError
from leadledger.scoring.scorecard import build_untrained
from tests.scoring.card.card_examples import FIELDS, problems

# -- limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_section_holds_no_more_than_anybody_reads() -> None:
    """A thousand rules are a card, and print; one more is refused, and reported once."""
    rules = [
        f"  - {{name: r{i}, when: newsletter, points: 1, reason: Because, group: all}}\n"
        for i in range(LONGEST_SECTION)
    ]
    text = FIELDS + "groups:\n  all: {max: 5}\nrules:\n" + "".join(rules)
    assert get_engine(build_untrained(parse_card(text))).score({"newsletter": True}, date(2026, 1, 1)).tenths == 550
    (message,) = problems(text + rules[0].replace("r0", "more"))
    assert message == "10:3: `rules` has 1,001 entries; a card has at most 1,000 of each kind"


def test_not_more_than_anybody_mends() -> None:
    """Of very many mistakes, the first hundred are reported."""
    text = FIELDS + "".join(f"k{i}: 1\n" for i in range(3 * MOST_PROBLEMS_LISTED))
    assert len(problems(text)) == MOST_PROBLEMS_LISTED


# -- positions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scalar",
    [
        "need = 'urgent' or zzz > 5",
        "need = 'urgent'\n      or zzz > 5",
        "need = 'urgent'\n\n\n          or zzz\n      > 5",
        "\n      need = 'urgent' or\n      zzz > 5",
        "\"need = 'urgent' or zzz > 5\"",
        "\"need = 'urgent'\\tor\\x20zzz > 5\"",
        "\"need = 'urgent'\\\n      \\ or \\\n      zzz > 5\"",
        "\"need = 'urgent'\n\n      or zzz > 5\"",
        "\"\\u006eeed = '\\U00000075rgent' or zzz > 5\"",
        "'need = ''urgent'' or zzz > 5'",
        "'need = ''urgent''\n      or zzz > 5'",
        "|\n      need = 'urgent' or\n      zzz > 5",
        "|-\n      need = 'urgent'\n        or zzz > 5",
        "|2  # at least the need\n          need = 'urgent' or zzz > 5",
        ">\n      need = 'urgent' or\n\n      zzz\n      > 5",
        ">+\n\n      need = 'urgent'\n         or zzz > 5\n",
        "newsletter or\tzzz > 5",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_place_in_a_condition(scalar: str, ending: str) -> None:
    """A mistake inside a condition is found at its line and column, however the text is written."""
    text = FIELDS + f"rules:\n  - name: one\n    when: {scalar}\n    points: 5\n    reason: Because\n"
    before = text[: text.index("zzz")].split("\n")
    (message,) = problems(text.replace("\n", ending))
    assert message.startswith(f"{len(before)}:{len(before[-1]) + 1}: rule 'one': unknown field 'zzz'.")


def test_place_after_wide_characters() -> None:
    """Columns count characters, not bytes."""
    text = FIELDS + "rules:\n  - {reason: 'é 漢字 𝄞', name: one, when: zzz, points: 5}\n"
    assert problems(text)[0].startswith("8:41: rule 'one': unknown field 'zzz'.")


# -- odd files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"\xef\xbb\xbf", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"# only a comment", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"---\n...\n", "2:1: the card must be a mapping of `key: value` lines, not nothing"),
        (b"null", "1:1: the card must be a mapping of `key: value` lines, not nothing"),
        (b"just words", "1:1: the card must be a mapping of `key: value` lines, not the text 'just words'"),
        ("name: café".encode("latin-1"), "1:10: this is not UTF-8 text; save the card as UTF-8"),
        ("name: one\n".encode("utf-16"), "1:1: this is not UTF-8 text; save the card as UTF-8"),
        (b"name: one\ntitle: \xff\n", "2:8: this is not UTF-8 text; save the card as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "1:1: this is not UTF-8 text; save the card as UTF-8"),
        (b"PK\x03\x04\x14", "1:3: the control character '\\x03' can't be in a card; remove it"),
        (b"name: one\n\0", "2:1: the control character '\\x00' can't be in a card; remove it"),
        ("name: one\ntitle: a\u202eb\n".encode(), "2:9: the control character '\\u202e' can't be in a card; remove it"),
        (b"name: " + b"x" * LARGEST_CARD, "1:1: the card is larger than 1,000,000 bytes"),
        (
            b"a: " + b"[" * 10_000,
            f"1:{DEEPEST_CARD + 3}: the card is nested too deeply; a card needs no more than six levels",
        ),
        (b"".join(b" " * i + b"a:\n" for i in range(500)), "21:21: the card is nested too deeply; a card needs no"),
        (
            b"- " * 5000,
            f"1:{DEEPEST_CARD * 2 + 1}: the card is nested too deeply; a card needs no more than six levels",
        ),
        (b"a: &a [x]\nb: *a", "1:4: anchors (&) and aliases (*) are not allowed; write the value out, or put the text"),
        (b"name: *none", "1:7: anchors (&) and aliases (*) are not allowed; write the value out, or put the text in"),
        (
            b"name: !!python/object/apply:os.system [ls]",
            "1:7: tags (!) are not allowed; put a text that starts with '!'",
        ),
        (b"name: one\nfields: {a: {kind: text}\n", "2:9: this is not YAML: this '{' is never closed, or a ',' is"),
        (b"missing: [a,\n", "2:1: this is not YAML: the card ends here, and a bracket is still open"),
        (b"%YAML 3.0\n---\nname: one", "1:1: this is not YAML: found incompatible YAML document"),
        (b"? [name]\n: one", "1:3: a key of the card must be a plain word, not a list"),
        (b"{name: one, name: two}", "1:13: 'name' stands twice in the card, both on this line; remove one of the two"),
    ],
)
def test_odd_file(tmp_path: Path, data: bytes, message: str) -> None:
    """A file that is no card, or no text at all, is refused with the first thing that is wrong."""
    path = tmp_path / "odd.yaml"
    path.write_bytes(data)
    with pytest.raises(ScorecardError) as caught:
        read_card(path)
    assert f"odd.yaml:{message}" in str(caught.value)


def test_half_characters() -> None:
    """Half of a character, which no file holds but a text may, is refused."""
    assert problems("name: a\ud800") == ["1:8: the control character '\\ud800' can't be in a card; remove it"]
