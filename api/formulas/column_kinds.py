"""The kind of each column of a formula, inferred from all comparisons with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from leadledger.api.formulas.formula import Clause, Formula, FormulaKind, FormulaRule, Junction, Untranslated
from leadledger.scoring.column_names import name_key


def settle_kinds(formula: Formula) -> tuple[Formula, Mapping[str, FormulaKind]]:
    """The formula without the rules that take a column for another kind than earlier ones, and the kind by column.

    A column that is only asked whether it has a value is a text.
    """
    formula = _spell_alike(formula)
    kinds: dict[str, FormulaKind] = {}
    kept: list[FormulaRule] = []
    refused: list[Untranslated] = []
    for rule in formula.rules:
        clash = _find_clash(rule, kinds)
        if clash is None:
            kept.append(rule)
            kinds |= {clause.column: clause.kind for clause in list_clauses(rule) if clause.kind is not None}
        else:
            before = kinds.get(clash.column)
            refused.append(
                Untranslated(rule.origin, f"{clash.column!r} is a {before} in an earlier rule, and a {clash.kind} here")
            )
    for rule in kept:
        for clause in list_clauses(rule):
            kinds.setdefault(clause.column, "text")
    return replace(formula, rules=tuple(kept), untranslated=(*formula.untranslated, *refused)), kinds


def list_clauses(rule: FormulaRule) -> Iterable[Clause]:
    """Every comparison of a rule."""
    yield from rule.clauses
    for clauses in rule.unless:
        yield from clauses
    if rule.junction is not None:
        yield from _list_parts(rule.junction)


def _list_parts(junction: Junction) -> Iterable[Clause]:
    for part in junction.parts:
        if isinstance(part, Junction):
            yield from _list_parts(part)
        else:
            yield part


def _spell_alike(formula: Formula) -> Formula:
    """The formula in which two spellings of a column are one, the first: a list has it only once."""
    spellings: dict[str, str] = {}

    def spell_clause(clause: Clause) -> Clause:
        return replace(clause, column=spellings.setdefault(name_key(clause.column), clause.column))

    def spell(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
        return tuple(map(spell_clause, clauses))

    def spell_junction(junction: Junction) -> Junction:
        parts = (spell_junction(part) if isinstance(part, Junction) else spell_clause(part) for part in junction.parts)
        return replace(junction, parts=tuple(parts))

    rules = (
        replace(
            rule,
            clauses=spell(rule.clauses),
            unless=tuple(map(spell, rule.unless)),
            junction=None if rule.junction is None else spell_junction(rule.junction),
        )
        for rule in formula.rules
    )
    return replace(formula, rules=tuple(rules))


def _find_clash(rule: FormulaRule, kinds: Mapping[str, FormulaKind]) -> Clause | None:
    seen = dict(kinds)
    for clause in list_clauses(rule):
        if clause.kind is not None and seen.setdefault(clause.column, clause.kind) != clause.kind:
            return clause
    return None
