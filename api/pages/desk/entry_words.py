"""Entries of a ledger as sentences about the lead: `Budget of 75,000 to 100,000 EUR`, `Industry: IT services`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leadledger.api.pages.desk.subjects import begin, word_name
from leadledger.api.pages.desk.values import UNKNOWN, word_text
from leadledger.api.wording.figures import word_number
from leadledger.scoring.bins import MISSING, OTHER, NumberBins
from leadledger.scoring.lookup import Combination, Table, list_bins
from leadledger.scoring.result import Entry, format_unsigned
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

_NUMBER = re.compile(r"(?<![\w.])-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?![\w.])")
_YEARS = range(1800, 2101)  # which people write without a comma


class EntryWords:
    """The words of the entries of one lead; `values` are the typed values of its plain fields."""

    def __init__(self, card: Scorecard, values: Mapping[str, Typed]) -> None:
        self.card, self.values = card, values
        self._terms = {term.name: term for term in card.learned.terms}
        self._groups = {group.name: group for group in card.groups}

    def word(self, entry: Entry) -> str:
        """An entry as a sentence."""
        match entry.kind:
            case "start":
                return "Every lead starts here"
            case "rule":
                return begin(entry.reason)
            case "cap":
                return begin(entry.reason.partition(": ")[2] or entry.reason)
            case "group":
                return self._word_group(entry)
        term = self._terms.get(entry.name)
        if not isinstance(term, Table):
            return begin(self._word_cell(entry))
        field, label = self.card.card.fields[term.field], self._word_label(entry)
        joint = " of " if field.unit and label[:1].isdigit() else ": "
        return f"{begin(field.title)}{joint}{label}"

    def add_to_rule(self, entry: Entry, sentence: str) -> str:
        """What a learned entry adds to the sentence of a rule about the same field: a number; empty: nothing new."""
        term = self._terms.get(entry.name)
        if not isinstance(term, Table) or not isinstance(term.bins, NumberBins):
            return ""
        field, label = self.card.card.fields[term.field], self._word_label(entry)
        if label == UNKNOWN or label.casefold() in sentence.casefold():
            return ""
        return label if field.unit else f"{field.title} {label}"

    def _word_label(self, entry: Entry) -> str:
        """The bin of a table in words: `75,000 to 100,000 EUR`, `not known`; of a rare text, the text."""
        term = self._terms[entry.name]
        assert isinstance(term, Table)
        field = self.card.card.fields[term.field]
        label = entry.reason.removeprefix(f"{field.title}: ")
        if label == MISSING:
            return UNKNOWN
        if isinstance(term.bins, NumberBins):
            words, unit = _word_numbers(label), f" {field.unit}" if field.unit else ""
            open_end = " and up" if words.endswith(" and up") else ""
            return f"{words.removesuffix(open_end)}{unit}{open_end}"
        if label != OTHER:
            return word_name(label)
        value = self.values.get(term.field)
        return "something else" if value is None else word_text(field, str(value))

    def _word_cell(self, entry: Entry) -> str:
        """The cell of several fields in words, each with its title."""
        term = self._terms.get(entry.name)
        if term is None or isinstance(term, Table):
            return entry.reason
        words = entry.reason
        for name in term.fields:
            title = self.card.card.fields[name].title
            words = words.replace(f"{title}: {MISSING}", f"{title}: {UNKNOWN}", 1)
        numeric = isinstance(term, Combination) or any(isinstance(bins, NumberBins) for bins in list_bins(term))
        return _word_numbers(words) if numeric else words

    def _word_group(self, entry: Entry) -> str:
        group = self._groups.get(entry.name)
        name = word_name(entry.name)
        if group is None:
            return begin(entry.reason)
        limits = [limit for limit in (group.maximum, group.minimum) if limit is not None]
        if group.best_of and not limits:
            return f"Only the best of {name} counts"
        limit = group.maximum if entry.tenths < 0 else group.minimum
        if limit is None or group.best_of:
            return begin(entry.reason)
        return f"{'No more' if entry.tenths < 0 else 'No less'} than {format_unsigned(limit)} points for {name}"


def _word_numbers(text: str) -> str:
    """A text with the thousands of its numbers apart, unless they may be years, and a true minus."""
    return _NUMBER.sub(_word_match, text)


def _word_match(match: re.Match[str]) -> str:
    number = match[0]
    return number if number.isdigit() and int(number) in _YEARS else word_number(float(number))
