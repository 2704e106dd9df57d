"""Fields that a result would rest on, and that have no column in a history: they stop it, unless it goes on without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from leadledger.scoring.column_fit import fit_columns
from leadledger.scoring.errors import DataError, MissingFields, did_you_mean, quote
from leadledger.scoring.scorecard import Card, Learned


def fields_read(card: Card) -> tuple[str, ...]:
    """The fields that the conditions of a card read."""
    conditions = (
        *(rule.when for rule in card.rules),
        *(criterion.met for criterion in card.criteria),
        *(exclusion.when for exclusion in card.exclude),
    )
    names = [name for condition in conditions for name in condition.fields]
    names += [rule.half_life.of for rule in card.rules if rule.half_life]
    return tuple(dict.fromkeys(names))


def fields_to_score(card: Card, learned: Learned | None = None) -> tuple[str, ...]:
    """The plain fields behind the points and the criteria of a card, and behind what was learned for it."""
    terms = learned.all_terms if learned is not None else ()
    return card.find_plain_fields((*fields_read(card), *(name for term in terms for name in term.fields)))


def fields_to_learn(card: Card) -> tuple[str, ...]:
    """The plain fields that training looks at: behind points and criteria, those it may learn from, the protected."""
    learnable = [
        field.name
        for field in card.fields.values()
        if field.learn and field.kind not in ("date", "id") and field.name != "stage"
    ]
    return card.find_plain_fields((*fields_read(card), *learnable, *card.protected))


def require_fields(
    columns: Iterable[str],
    needs: Sequence[tuple[Card, Iterable[str]]],
    without: Sequence[str],
    label: str,
    what: str,
) -> tuple[str, ...]:
    """The needed fields that have no column, each of which must be in `without`. Raises DataError.

    `columns` are those of the history that messages call `label`, `needs` are cards with the fields that each needs,
    and `what` would rest on these, such as a release.
    """
    check_without([card for card, _ in needs], without)
    columns = list(columns)
    missing: dict[str, None] = {}
    hints: dict[str, str] = {}
    for card, needed in needs:
        fit = fit_columns(card, columns, label)
        for name in without:
            if fit.used.get(name):
                raise DataError(
                    f"{label}: the field '{name}' has a column, {quote(fit.used[name][0])}, so nothing needs to go on"
                    " without it; leave it out of `without`, and write `learn: no` in the card to learn nothing from it"
                )
        gone = [name for name in needed if name in fit.absent]
        missing |= dict.fromkeys(gone)
        owners = {name: field.name for field in card.plain_fields for name in field.written_columns}
        hints |= {column: name for column, name in fit.misspelt.items() if owners[name] in gone}
    refused = [name for name in missing if name not in without]
    if refused:
        raise MissingFields("\n".join(_word_refusal(refused, hints, label, what)), tuple(refused))
    return tuple(missing)


def check_without(cards: Sequence[Card], without: Sequence[str]) -> None:
    """Raises DataError for a name of `without` that is no plain field of any of the cards."""
    plain = list(dict.fromkeys(field.name for card in cards for field in card.plain_fields))
    for name in without:
        if name not in plain:
            raise DataError(f"there is no field {quote(name)} to go on without.{did_you_mean(name, plain)}")


def _word_refusal(missing: Sequence[str], hints: Mapping[str, str], label: str, what: str) -> Iterator[str]:
    """The sentences of a refusal: which fields, what their columns may be called, and how to go on."""
    single = len(missing) == 1
    fields, have = ("a field", "has") if single else (f"{len(missing):,} fields", "have")
    yield (
        f"{label}: {fields} that the card uses {have} no column: {', '.join(missing)}. {what} would rest on values that"
        " no lead has."
    )
    for column, name in hints.items():
        yield f"Column {quote(column)} belongs to no field; did you mean '{name}'?"
    them = "it" if single else "them"
    yield (
        f"Rename {'the column' if single else 'the columns'}, or name {them} under `from:` in the card. To go on"
        f" without {them}: --without {','.join(missing)} (in Python: without={list(missing)!r})."
    )
