"""What an entry of a ledger is about, so that the rule and the tables of one field stand together, and in its words.

A rule is about the field that its condition asks, a table about the field that it looks up; fields that are computed
are about those that they come from, and what is counted from events about their kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leadledger.scoring.result import Entry
from leadledger.scoring.scorecard import Scorecard

SubjectKind: TypeAlias = Literal["field", "events", "rule", "group", "term", "start"]


@dataclass(frozen=True)
class Subject:
    """What an entry is about: a plain field, a kind of events, or, where it is about several, itself; and its title."""

    kind: SubjectKind
    name: str
    title: str


class SubjectFinder:
    """Finds what the entries of a scorecard's ledgers are about."""

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        self._each = {rule.name: rule for rule in card.card.each_rules}
        self._groups = {rule.name: rule.group for rule in card.card.rules}
        self._groups |= {rule.name: rule.group for rule in card.card.each_rules}
        self._rules: Mapping[str, Subject] = {
            **{priced.rule.name: self._of_rule(priced.rule.name, priced.rule.when.fields) for priced in card.rules},
            **{rule.name: Subject("events", rule.each, word_name(rule.each)) for rule in card.card.each_rules},
        }
        self._terms = {term.name: term for term in card.learned.terms}

    def find(self, entry: Entry) -> Subject:
        """The subject of an entry; that of a limit is that of the rule that it limits."""
        return self.find_by_name(entry.kind, entry.name)

    def find_by_name(self, kind: str, name: str) -> Subject:
        """The subject of the entry with a kind and a name."""
        match kind:
            case "start":
                return Subject("start", "", "Start")
            case "rule":
                return self._rules.get(name) or Subject("rule", name, word_name(name))
            case "cap":
                return self.find_by_name("rule", self.find_capped(name))
            case "group":
                return Subject("group", name, f"Limit of {word_name(name)}")
        term = self._terms.get(name)
        if term is None:
            return Subject("term", name, word_name(name))
        subjects = list(dict.fromkeys(self._of_field(field) for field in term.fields))
        if len(subjects) == 1:
            return subjects[0]
        return Subject("term", name, " and ".join(subject.title for subject in subjects))

    def find_group(self, rule: str) -> str:
        """The group of a rule; empty: it is in none."""
        return self._groups.get(rule, "")

    def find_capped(self, cap: str) -> str:
        """The rule whose points a limit of events takes, by the name of its entry."""
        return max((rule for rule in self._each if cap.startswith(f"{rule} ")), key=len, default=cap)

    def _of_rule(self, name: str, fields: tuple[str, ...]) -> Subject:
        subjects = list(dict.fromkeys(self._of_field(field) for field in fields))
        return subjects[0] if len(subjects) == 1 else Subject("rule", name, word_name(name))

    def _of_field(self, name: str) -> Subject:
        """The subject of a field; a field that is computed from several is one of its own."""
        card = self.card.card
        field = card.fields.get(name)
        if field is None:
            return Subject("field", name, word_name(name))
        if field.choice_of and field.choice_of in card.fields:
            return self._of_field(field.choice_of)
        if field.event_value is not None:
            kind = field.event_value.kind
            return Subject("events", kind, word_name(kind))
        plain = card.find_plain_fields((name,))
        if len(plain) == 1 and plain[0] != name:
            return self._of_field(plain[0])
        return Subject("field", name, field.title)


def word_name(name: str) -> str:
    """A name of the card as people write it."""
    return name.replace("_", " ")


def begin(text: str) -> str:
    """A text as a sentence begins."""
    return text[:1].upper() + text[1:]
