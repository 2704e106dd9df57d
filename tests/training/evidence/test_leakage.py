"""The leakage gate: it stops what is filled in afterwards, and nothing else.

One file, because all tests ask the same gate, on real histories that are read once or on small ones made here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.false_alarms import take_leads
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.errors import DataError, LeakageError
from leadledger.scoring.scorecard import Card
from leadledger.training.evidence.leakage import Leakage, find_leaks
from leadledger.training.history import History
from leadledger.training.history_reader import read_history

pytestmark = pytest.mark.slow  # the whole file learns from histories

DATA = Path(__file__).parents[4] / "shared" / "data"
BANK = DATA / "bank_marketing" / "bank-additional-full.csv"
SHOPPERS = DATA / "online_shoppers" / "online_shoppers_intention.csv"
EXTRAALEARN = DATA / "extraalearn" / "ExtraaLearn.csv"
OLIST = DATA / "olist_funnel"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not shipped; it would be in {DATA}")

CLOSED_DEALS = (
    "closed_mql_id",
    "seller_id",
    "sdr_id",
    "sr_id",
    "days_since_won",
    "business_segment",
    "lead_type",
    "lead_behaviour_profile",
    "has_company",
    "has_gtin",
    "average_stock",
    "business_type",
    "declared_product_catalog_size",
    "declared_monthly_revenue",
)
LEAKS = {
    "simulated": {"lead_status", "proposal_value"},
    "bank": {"duration"},
    "shoppers": {"pagevalues"},
    "extraalearn": set(),
    "olist": set(CLOSED_DEALS),
}
SETS = ["simulated", *(pytest.param(name, marks=real) for name in LEAKS if name != "simulated")]


@cache
def known(name: str) -> tuple[Card, History]:
    """A set of leads, with the leaking columns offered to training."""
    return {
        "simulated": simulated,
        "bank": bank,
        "shoppers": lambda: plain(SHOPPERS, "Revenue"),
        "extraalearn": lambda: plain(EXTRAALEARN, "status"),
        "olist": olist,
    }[name]()


def offered(example: str, *fields: str) -> str:
    """An example's card, from which `learn: no` of these fields is removed."""
    text = (find_examples() / example / "card.yaml").read_text()
    for field in fields:
        text, changed = re.subn(rf"(\n  {field}: {{.*?), learn: no", r"\1", text)
        assert changed == 1
    return text


def simulated() -> tuple[Card, History]:
    """The example's simulated CRM."""
    card = parse_card(offered("b2b-software", "lead_status", "proposal_value"))
    return card, read_history(card, load_simulator().simulate(8_000, seed=7, until=date(2026, 6, 30)))


def bank() -> tuple[Card, History]:
    """The example on bank-marketing."""
    card = parse_card(offered("bank-marketing", "duration"))
    return card, read_history(card, BANK)


def plain(path: Path, outcome: str) -> tuple[Card, History]:
    """A file with a card that takes all of its columns as they are."""
    frame = pd.read_csv(path)
    lines = []
    for name in frame.columns.drop(outcome):
        values = frame[name]
        flag = values.dtype == bool or set(values.unique()) <= {"Yes", "No"}
        kind = "id" if name == "ID" else "flag" if flag else "number" if values.dtype.kind in "if" else "text"
        lines.append(f"  {name.lower()}: {{kind: {kind}{'' if name == name.lower() else f', from: {name}'}}}")
    return dressed("\n".join(lines), f"{{field: {outcome}, kind: flag}}", path)


def dressed(fields: str, became: str, data: Path | pd.DataFrame, rest: str = "") -> tuple[Card, History]:
    """A card of these fields, and the history that it reads from data."""
    since = ", since: met, within: 90 days" if "kind: date" in became else ""
    card = parse_card(f"name: plain\nfields:\n{fields}\noutcome: {{became: {became}{since}}}\n{rest}")
    return card, read_history(card, data)


def olist() -> tuple[Card, History]:
    """The example's card with every column of the closed deals, joined to the leads."""
    leads = pd.read_csv(OLIST / "olist_marketing_qualified_leads_dataset.csv")
    deals = pd.read_csv(OLIST / "olist_closed_deals_dataset.csv")
    frame = leads.merge(deals.assign(closed_mql_id=deals["mql_id"]), how="left", on="mql_id")
    kinds = {"has_company": "flag", "has_gtin": "flag"}
    kinds |= dict.fromkeys(("declared_product_catalog_size", "declared_monthly_revenue"), "number")
    added = [
        f"  {column}: {{kind: {kinds.get(column, 'text')}}}" for column in CLOSED_DEALS if column != "days_since_won"
    ]
    added += ["  signed: {kind: date}", "  days_since_won: {kind: number, is: days_since(signed)}"]
    text = (find_examples() / "olist-funnel" / "card.yaml").read_text()
    card = parse_card(text.replace("fields:\n", "fields:\n" + "\n".join(added) + "\n", 1))
    return card, read_history(card, frame.assign(signed=frame["won_date"]))


@cache
def gated(name: str) -> Leakage:
    """What the gate says of a set."""
    return find_leaks(*known(name))


def names(leakage: Leakage) -> set[str]:
    """The fields that would stop training."""
    return {suspect.field for suspect in leakage.suspects}


@pytest.mark.parametrize("name", SETS)
def test_every_leak_and_nothing_else(name: str) -> None:
    """Each leaking column is stopped, and no honest one."""
    leakage = gated(name)
    assert names(leakage) == LEAKS[name]
    assert leakage.overruled == ()
    assert LEAKS[name] <= set(leakage.checked)


@pytest.mark.parametrize("name", SETS)
def test_honest_fields_alone_pass(name: str) -> None:
    """Without its leaks, a history passes; what is strongest among the honest is no suspect for that."""
    card, history = known(name)
    honest = replace(history, frame=history.frame.drop(columns=list(LEAKS[name])))
    leakage = find_leaks(card, honest)
    assert leakage.suspects == ()
    leakage.refuse()


@pytest.mark.parametrize("name", SETS)
def test_no_knifes_edge(name: str) -> None:
    """On random halves, the same fields are stopped, and without them none."""
    card, history = known(name)
    honest = replace(history, frame=history.frame.drop(columns=list(LEAKS[name])))
    for seed in range(1 if len(history) > 20_000 else 3):  # 20 of each were tried when the limits were set
        half = np.sort(np.random.default_rng(seed).permutation(len(history))[: len(history) // 2])
        assert names(find_leaks(card, take_leads(history, half), seed)) == LEAKS[name], seed
        assert names(find_leaks(card, take_leads(honest, half), seed)) == set(), seed


def test_the_message() -> None:
    """The proof in numbers, and the line for the card, word for word."""
    with pytest.raises(LeakageError) as error:
        gated("simulated").refuse()
    assert isinstance(error.value, DataError)
    assert [suspect.field for suspect in error.value.suspects] == ["lead_status", "proposal_value"]
    assert str(error.value) == MESSAGE


MESSAGE = (
    "training stopped: 2 fields look as if they were filled in when it was known what became of the lead. What "
    "is learned from them would look good on past leads and be wrong on new ones.\n"
    "\n"
    'lead_status: In Salesforce, Status becomes "Closed - Converted" when the lead is converted. Alone it explains '
    "89% of the outcome, on leads that it wasn't fitted on (area under the curve 0.994; "
    "0.5 is chance, 1 is perfect).\n"
    "  To leave it out, write in the card:\n"
    "    lead_status: {kind: text, from: {salesforce: Status, hubspot: hs_lead_status}, learn: no}\n"
    "  If it is surely known when a lead is scored, write:\n"
    "    lead_status: {kind: text, from: {salesforce: Status, hubspot: hs_lead_status}, known_when_scored: yes}\n"
    "\n"
    "proposal_value: It is filled for 93.3% (89.8% to 95.9%) of the 747 leads that became an opportunity, and "
    "for 1.2% (0.8% to 1.7%) of the 6,425 others.\n"
    "  To leave it out, write in the card:\n"
    "    proposal_value: {kind: number, unit: EUR, learn: no}\n"
    "  If it is surely known when a lead is scored, write:\n"
    "    proposal_value: {kind: number, unit: EUR, known_when_scored: yes}"
)


@real
def test_the_proof_of_a_field_that_equals_all_others() -> None:
    """The length of a call explains about as much as all other fields together, and what they don't know."""
    (suspect,) = gated("bank").suspects
    assert suspect.kind == "alone"
    match = re.match(
        r"Alone it explains (\d+)% of the outcome, and the 19 other fields together explain (\d+)%;"
        r" with it, they explain (\d+)%",
        suspect.proof,
    )
    assert match is not None
    alone, others, together = map(int, match.groups())
    assert alone > 0.75 * others
    assert together - others > 0.7 * others


@real
def test_a_field_that_hardly_any_lead_has() -> None:
    """A field filled for one deal in thirteen is proved by whom it is filled for."""
    suspects = {suspect.field: suspect for suspect in gated("olist").suspects}
    assert suspects["has_company"].kind == "one_outcome"
    assert suspects["has_company"].proof == (
        "Of the 63 leads with a value, all became an opportunity, against 10.5% of all leads; they are 7.5% of those"
        " that became an opportunity."
    )
    assert suspects["days_since_won"].kind == "after"
    assert suspects["lead_behaviour_profile"].kind == "filled"


def test_the_same_again() -> None:
    """The same history and seed give the same proof."""
    assert find_leaks(*known("simulated"), seed=3) == find_leaks(*known("simulated"), seed=3)


# ---------------------------------------------------------------------------------------------------- kinds of proof


def leads(n: int = 600) -> pd.DataFrame:
    """Leads met day by day, of which one in three converts twenty days later, whatever their budget."""
    random = np.random.default_rng(0)
    won = random.random(n) < 1 / 3
    met = pd.Series(pd.date_range("2024-01-01", periods=n))
    return pd.DataFrame(
        {
            "met": met,
            "budget": random.integers(1, 100, n),
            "source": random.choice(["web", "fair", "partner"], n),
            "won_on": (met + pd.Timedelta(days=20)).where(won),
            "won": won,
        }
    )


FIELDS = "  met: {kind: date}\n  budget: {kind: number}\n  source: {kind: text}\n"
DATE = "{field: won_on, kind: date}"
FLAG = "{field: won, kind: flag}"


def gate(more: str, frame: pd.DataFrame, became: str = FLAG, rest: str = "") -> Leakage:
    """What the gate says of leads with one more field or two."""
    return find_leaks(*dressed(FIELDS + more, became, frame, rest))


def kinds(leakage: Leakage) -> dict[str, str]:
    """The fields that would stop training, and the kind of proof against each."""
    return {suspect.field: suspect.kind for suspect in leakage.suspects}


def test_nothing_to_find() -> None:
    """Fields that chance filled are no suspects; dates and ids that nothing uses are not looked at."""
    leakage = gate("  lead: {kind: id}\n", leads().assign(lead=range(600)))
    assert leakage == Leakage(("budget", "source"))
    nothing: dict[str, list[str]] = {"suspects": [], "overruled": [], "suspected": []}
    assert leakage.to_dict() == {"checked": ["budget", "source"], **nothing}


@pytest.mark.parametrize(
    "field",
    [
        "converted_date: {kind: text}",
        "day: {kind: text, from: Converted_Date__c}",
        "lost_reason: {kind: text}",
        "state: {kind: text, from: {salesforce: Status}}",
        "temperature: {kind: text, from: {Salesforce: Rating}}",
        "days_converted: {kind: number, is: days_since(converteddate)}",
    ],
)
def test_names_that_a_crm_writes_later(field: str) -> None:
    """A name that means the outcome is enough, and a common one where it is taken from that CRM."""
    frame = leads()
    text = np.random.default_rng(1).choice(["a", "b"], len(frame))
    if "is:" in field:
        frame["converteddate"] = frame["met"] - pd.to_timedelta(np.arange(len(frame)) % 3, "D")
    else:
        names = ("converted_date", "Converted_Date__c", "lost_reason", "Status", "Rating")
        frame = frame.assign(**dict.fromkeys(names, text))
    more = "  converteddate: {kind: date}\n" if "is:" in field else ""
    leakage = gate(f"{more}  {field}\n", frame, DATE)
    assert kinds(leakage) == {field.split(":")[0]: "name"}
    assert "It is filled for 100.0% (" in leakage.suspects[0].proof


@pytest.mark.parametrize("field", ["status: {kind: text}", "rating: {kind: text, from: {hubspot: Rating}}"])
def test_common_names_need_support(field: str) -> None:
    """A status that tells nothing of the outcome may be learnt from; one that tells it is a suspect by its name."""
    frame = leads()
    name = field.split(":")[0]
    assert gate(f"  {field}\n", frame.assign(**{name: frame["source"]})).suspects == ()
    known_by = np.where(frame["won"] ^ (np.arange(len(frame)) % 5 == 0), "x", "y")  # right for four in five
    assert kinds(gate(f"  {field}\n", frame.assign(**{name: known_by}))) == {name: "name"}


WORKED = (
    "training stopped: a field looks as if it was filled in when it was known what became of the lead. What is learned"
    " from it would look good on past leads and be wrong on new ones.\n"
    "\n"
    "quality: In LeadSquared, Lead Quality is what sales think of the lead while they work on it. It is filled for"
    " 100.0% (95.8% to 100.0%) of the 178 leads that became an opportunity, and for 100.0% (98.2% to 100.0%) of the 422"
    " others.\n"
    "  To leave it out, write in the card:\n"
    "    quality: {kind: text, from: Lead Quality, learn: no}\n"
    "  If it is surely known when a lead is scored, write:\n"
    "    quality: {kind: text, from: Lead Quality, known_when_scored: yes}"
)


def test_what_sales_fill_in_while_they_work() -> None:
    """A field that sales keep up stops training by its name, and the author's word overrules that."""
    frame = leads().rename(columns={"source": "Lead Quality"}).assign(source="web")
    leakage = gate("  quality: {kind: text, from: Lead Quality}\n", frame)
    assert kinds(leakage) == {"quality": "worked"}
    with pytest.raises(LeakageError) as error:
        leakage.refuse()
    assert str(error.value) == WORKED
    vouched = gate("  quality: {kind: text, from: Lead Quality, known_when_scored: yes}\n", frame)
    assert (vouched.suspects, [suspect.kind for suspect in vouched.overruled]) == ((), ["worked"])


def test_honest_fields_that_look_like_leaks() -> None:
    """A source of which all leads buy, one of which nobody does, and an amount that tells much may be learned from."""
    frame = leads()
    place = np.arange(len(frame))
    channel = np.where(frame["won"] & (place % 7 == 0), "happy customers", frame["source"])
    frame["lead_source"] = np.where(~frame["won"] & (place % 5 < 2), "bought list", channel)
    frame["amount"] = np.random.default_rng(3).normal(100, 10, len(frame)) + 12 * frame["won"]
    leakage = gate("  lead_source: {kind: text}\n  amount: {kind: number}\n", frame)
    assert {"lead_source", "amount"} <= set(leakage.checked)
    assert leakage.suspects == ()


def test_filled_for_the_lost() -> None:
    """A field that is filled for those that don't convert is as much a leak."""
    frame = leads()
    leakage = gate("  why_not: {kind: text}\n", frame.assign(why_not=frame["source"].where(~frame["won"])))
    assert kinds(leakage) == {"why_not": "filled"}


def test_a_value_of_one_outcome() -> None:
    """A text, or a range of numbers, that only the converted have."""
    frame = leads()
    some = frame["won"] & (np.arange(len(frame)) % 4 == 0)
    frame["step"] = np.where(some, "contract sent", frame["source"])
    frame["discount"] = np.where(some, 10 + np.arange(len(frame)) % 7, 30 + np.arange(len(frame)) % 9)
    leakage = gate("  step: {kind: text}\n  discount: {kind: number}\n", frame)
    assert kinds(leakage) == {"step": "one_outcome", "discount": "one_outcome"}
    of = f"Of the {some.sum()} leads with"
    assert [suspect.proof.split(",")[0] for suspect in leakage.suspects] == [f"{of} 'contract sent'", f"{of} 10 to 16"]


def test_a_value_of_few_leads_proves_nothing() -> None:
    """What three leads have in common may be chance."""
    frame = leads()
    frame["step"] = frame["source"]
    frame.loc[frame.index[frame["won"]][:3], "step"] = "contract sent"
    assert gate("  step: {kind: text}\n", frame).suspects == ()


def test_a_near_copy() -> None:
    """A flag that is wrong for one lead in fifty."""
    frame = leads()
    leakage = gate("  good: {kind: flag}\n", frame.assign(good=frame["won"] ^ (np.arange(len(frame)) % 50 == 0)))
    assert kinds(leakage) == {"good": "copy"}


def test_numbers_given_out_by_outcome() -> None:
    """An account number that is given at the conversion ranks the outcome; one that is given as leads come doesn't."""
    frame = leads()
    random = np.random.default_rng(2)
    late = frame["won"] & (random.random(len(frame)) < 0.8)
    order = np.argsort(np.argsort(random.random(len(frame)) + late, kind="stable"))
    frame["account"] = [f"A{number}" for number in order]
    frame["ticket"] = [f"T{number}" for number in range(len(frame))]
    leakage = gate("  account: {kind: text}\n  ticket: {kind: text}\n", frame)
    assert kinds(leakage) == {"account": "ranks"}
    rules = "rules: [{name: new, when: \"starts_with(account, 'A9')\", points: 5, reason: New}]\n"
    leakage = gate("  account: {kind: id}\n  ticket: {kind: id}\n", frame, FLAG, rules)
    assert kinds(leakage) == {"account": "ranks"}
    assert leakage.suspects[0].mend.startswith("To leave it out, take it out of the rule 'new'.\n")


def test_dates_after_the_day_of_scoring() -> None:
    """Days since a date that lies ahead were not known; days until a planned date were."""
    frame = leads()
    frame["seen"] = frame["met"] + pd.Timedelta(days=5)
    frame["planned"] = frame["met"] + pd.Timedelta(days=30)
    more = "  seen: {kind: date}\n  planned: {kind: date}\n  silent: {kind: number, is: days_since(seen)}\n"
    more += "  to_go: {kind: number, is: days_until(planned)}\n"
    # All values are alike, so that training would leave them out: vary them.
    frame["seen"] += pd.to_timedelta(np.arange(len(frame)) % 3, "D")
    frame["planned"] += pd.to_timedelta(np.arange(len(frame)) % 3, "D")
    leakage = gate(more, frame, DATE)
    assert kinds(leakage) == {"silent": "after"}
    assert leakage.suspects[0].proof.startswith(
        "The date 'seen', from which it is computed, lies after the day on which the lead would have been scored, for"
        " 100.0% ("
    )


def test_the_day_of_the_outcome() -> None:
    """A date that is the day of the outcome is its copy, though it counts forwards."""
    frame = leads()
    frame["signing"] = frame["won_on"].fillna(frame["met"] + pd.Timedelta(days=25))
    more = "  signing: {kind: date}\n  to_signing: {kind: number, is: days_until(signing)}\n"
    assert kinds(gate(more, frame, DATE)) == {"to_signing": "after"}


def test_dates_that_rules_use() -> None:
    """A rule that halves its points from a date is looked at too, for its points are judged by the same history."""
    frame = leads().assign(seen=leads()["met"] + pd.Timedelta(days=5))
    rule = "rules: [{name: fresh, when: budget > 5, points: 5, half_life: 9 days of seen, reason: Fresh}]\n"
    leakage = gate("  seen: {kind: date}\n", frame, DATE, rule)
    assert leakage.checked == ("budget", "source", "seen")
    assert kinds(leakage) == {"seen": "after"}
    assert leakage.suspects[0].mend == (
        "To leave it out, take it out of the rule 'fresh'.\n"
        "If it is surely known when a lead is scored, write:\n"
        "  seen: {kind: date, known_when_scored: yes}"
    )
    assert gate("  seen: {kind: date, known_when_scored: yes}\n", frame, DATE, rule).suspects == ()


def test_the_card_has_the_last_word() -> None:
    """`known_when_scored: yes` is reported and doesn't stop; `learn: no` leaves nothing to look at."""
    frame = leads().assign(closed=leads()["won"])
    leakage = gate("  closed: {kind: flag, known_when_scored: yes}\n", frame)
    assert [(suspect.field, suspect.kind) for suspect in leakage.overruled] == [("closed", "one_outcome")]
    assert leakage.to_dict()["overruled"][0]["proof"] == leakage.overruled[0].proof
    leakage.refuse()
    leakage = gate("  closed: {kind: flag, learn: no}\n", frame)
    assert leakage == Leakage(("budget", "source"))


def test_few_leads_prove_nothing_but_names_do() -> None:
    """With a dozen outcomes, only the name is looked at."""
    frame = leads(40).assign(closed=leads(40)["won"], is_won=leads(40)["source"])
    leakage = gate("  closed: {kind: flag}\n  is_won: {kind: text}\n", frame)
    assert leakage.suspects[0].proof == "In Salesforce, IsWon says whether the opportunity was won."
    assert kinds(leakage) == {"is_won": "name"}


def test_nothing_to_learn_from() -> None:
    """A history of no lead has no suspects."""
    card, history = dressed(FIELDS, FLAG, leads())
    assert find_leaks(card, take_leads(history, np.arange(0))).suspects == ()


@pytest.mark.parametrize(("size", "seed"), [(400, 201), (600, 202), (1_200, 203), (1_200, 204), (1_200, 205)])
def test_a_short_history_has_no_false_alarm(size: int, seed: int) -> None:
    """The strongest honest field isn't stopped because few leads don't show what all other fields know."""
    card = read_card(find_examples() / "b2b-software" / "card.yaml")
    history = read_history(card, load_simulator().simulate(size, seed=seed))
    assert [suspect.proof for suspect in find_leaks(card, history).suspects] == []


# ------------------------------------------------------------------------------------------------ the line and the list


@pytest.mark.parametrize(
    "field",
    [
        "{kind: text}",
        '{kind: text, values: ["NO", "a, b", \'say "yes"\', null], ask: "Which, and why?", label: "the: name"}',
        "{kind: number, unit: EUR, better: lower, missing: [-1, 999.5], from: {salesforce: [A b, C__c], hubspot: x.y}}",
        '{kind: text, missing: [unknown, "#"], from: [one, "two: three"]}',
        "{kind: flag, is: \"budget > 100 and source in ('web', 'a b')\"}",
        "{kind: number, is: days_since(met), unit: days}",
    ],
)
def test_the_line_for_the_card_is_the_field(field: str) -> None:
    """What the message says to write is the field as it was, with one key more."""
    text = f"name: plain\nfields:\n{FIELDS}  closed: {field}\n"
    card = parse_card(text)
    frame = pd.DataFrame({"closed": ["a", "b"] * 20})
    frame = frame.assign(closed=pd.Series([1.0, 2.0] * 20) if card.fields["closed"].kind != "text" else frame["closed"])
    _, history = dressed("  met: {kind: date}\n", FLAG, leads(40))
    named = replace(card, fields={**card.fields, "is_won": replace(card.fields["closed"], name="is_won")})
    leakage = find_leaks(named, replace(history, frame=frame.rename(columns={"closed": "is_won"})))
    out, vouched = [line.strip() for line in leakage.suspects[0].mend.split("\n") if line.startswith("  ")]
    again = parse_card(f"name: plain\nfields:\n{FIELDS}  {out}\n").fields["is_won"]
    assert again == replace(named.fields["is_won"], learn=False)
    again = parse_card(f"name: plain\nfields:\n{FIELDS}  {vouched}\n").fields["is_won"]
    assert again == replace(named.fields["is_won"], known_when_scored=True)
