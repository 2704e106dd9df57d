"""What `leadledger leads` prints: tables of known leads, of ledgers beside each other and of figures, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from leadledger.api.cli.printing import count, show_controls, width, wrap

LONGEST_ID_SHOWN = 24
LONGEST_VERDICT = 12  # columns of a recommendation
BAR = 30  # columns of the longest bar


def word_list(answer: Mapping[str, Any]) -> str:
    """Known leads, one a line."""
    if not answer["leads"]:
        return "The book has no such lead."
    head = ("lead", "points", "grade", "recommendation", "since", "change")
    rows = [
        (
            _shorten(lead["lead"], LONGEST_ID_SHOWN),
            f"{lead['points']:.1f}",
            lead["grade"],
            f"{lead['recommendation']} {_shorten(lead['to'], LONGEST_VERDICT)}".strip(),
            lead["since"],
            _sign(lead["change"]) if lead["change_since"] else "new",
        )
        for lead in answer["leads"]
    ]
    more = ["There are more; see --limit."] if answer["more"] else []
    return "\n".join([*_align([head, *rows], right=(1, 5)), *more])


def word_comparison(answer: Mapping[str, Any]) -> str:
    """Two ledgers beside each other, as far as they differ."""
    a, b = answer["a"], answer["b"]
    head = ("", _shorten(a["lead"], 14), _shorten(b["lead"], 14), "difference")
    rows = [("points", f"{a['points']:.1f}", f"{b['points']:.1f}", _sign(answer["difference"]))]
    rows.append(("grade", a["grade"], b["grade"], ""))
    rows.append(("recommendation", a["recommendation"], b["recommendation"], ""))
    entries = [
        (_word_entry(entry, "a", "b"), f"{entry['a']:.1f}", f"{entry['b']:.1f}", _sign(entry["difference"]))
        for entry in answer["entries"]
    ]
    lines = [f"As of {answer['as_of']}, by {_name_release(answer)}", ""]
    lines += _align([head, *rows, ("", "", "", ""), *entries], right=(1, 2, 3), flexible=0)
    lines += ["", *_word_turning(answer)]
    return "\n".join([*lines, *_word_notes(answer)])


def word_forecast(answer: Mapping[str, Any]) -> str:
    """When the advice on a lead will change, and what moves until then."""
    lead = _shorten(answer["lead"], LONGEST_ID_SHOWN)
    now = f"{lead}: {answer['recommendation']}, {answer['points']:.1f} points, grade {answer['grade']}"
    lines = [wrap([f"{now} (as of {answer['as_of']}, by {_name_release(answer)})"])]
    for name, changes in (("recommendation", answer["recommendation_changes"]), ("grade", answer["grade_changes"])):
        if not changes:
            lines.append(f"The {name} stays for {count(answer['days'], 'day')} if nothing happens.")
        for change in changes:
            after = f"{change[name]}" + (f" to {change['to']}" if name == "recommendation" and change["to"] else "")
            lines.append(wrap([f"{change['on']}: the {name} will be {after}, with {change['points']:.1f} points"]))
            rows = [
                (
                    f"  {_word_entry(entry, 'now', 'then')}",
                    f"{entry['now']:.1f}",
                    f"{entry['then']:.1f}",
                    _sign(entry["difference"]),
                )
                for entry in change["moved"]
            ]
            lines += _align([("", "now", "then", "moved"), *rows], right=(1, 2, 3), flexible=0)
    return "\n".join([*lines, *_word_notes(answer)])


def _word_reason(code: str) -> str:
    """A coded reason of a rejection, as people write it."""
    return code.replace("_", " ")


def word_feedback(answer: Mapping[str, Any]) -> str:
    """What was recorded."""
    past = {"accept": "accepted", "reject": "rejected", "snooze": "put off"}[answer["verb"]]
    parts = [f"{answer['lead']} is {past}"]
    parts += [f"({_word_reason(answer['reason'])})"] if answer["reason"] else []
    parts += [f"until {answer['until']}"] if answer["until"] else []
    parts += [f"and {answer['entry']} is called wrong"] if answer["entry"] else []
    again = "" if answer["new"] else " That was recorded already today."
    return wrap([f"{' '.join(parts)}.{again}"])


def word_questions(answer: Mapping[str, Any]) -> str:
    """The questions that settle most."""
    looked, asked = answer["looked_at"], answer["asked"]
    of_all = "" if looked == asked else f", the nearest to the threshold of {asked:,}"
    lines = [wrap([f"{count(looked, 'lead')} to be asked{of_all}, by {_name_release(answer)}"])]
    if answer["questions"]:
        rows = [
            (question["question"], f"{question['leads']:,}", f"{question['first']:,}", f"{question['settles']:.1f}")
            for question in answer["questions"]
        ]
        lines += ["", *_align([("question", "open", "first", "settles"), *rows], right=(1, 2, 3), flexible=0)]
    return "\n".join(lines)


def word_summary(answer: Mapping[str, Any]) -> str:
    """The book in figures."""
    lines = [f"{count(answer['leads'], 'known lead')} on {answer['as_of']}, by {_name_release(answer)}", ""]
    most = max([part["leads"] for part in answer["points"]], default=0)
    rows = [
        (f"{part['from']} to {part['to']} points", f"{part['leads']:,}", "█" * _scale(part["leads"], most))
        for part in answer["points"]
    ]
    lines += [*_align(rows, right=(1,)), ""]
    conversion = {part["grade"]: part for part in answer["conversion"]}
    grades = [
        (f"grade {part['grade']}", f"{part['leads']:,}", _word_conversion(conversion.get(part["grade"])))
        for part in answer["grades"]
    ]
    lines += [*_align(grades, right=(1,)), ""]
    verdicts = [
        (part["recommendation"], f"{part['leads']:,}", f"{part['today']:,} since today" if part["today"] else "")
        for part in answer["recommendations"]
        if part["leads"]
    ]
    lines += _align(verdicts, right=(1,))
    if answer["threshold"] is not None:
        near = f"Near the threshold of {answer['threshold']:.1f} ({answer['stage']}):"
        near += f" {answer['about_to_leave']:,} just above, {answer['about_to_enter']:,} just below"
        near += f", {answer['held']:,} held below it" if answer["held"] else ""
        lines += ["", wrap([f"{near}."])]
    for part in answer["capacity"]:
        words = f"{part['promoted']:,} promoted to {part['stage']} since {part['since']}, of {part['leads']:,} per"
        lines.append(wrap([f"{words} {part['period']}."]))
    return "\n".join([*lines, *_word_audit(answer["feedback"])])


def _word_audit(feedback: Mapping[str, Any]) -> Iterator[str]:
    """What sales said, and which entries it called wrong."""
    if not any(feedback[verb] for verb in ("accept", "reject", "snooze")):
        return
    verbs = f"{feedback['accept']:,} accepted, {feedback['reject']:,} rejected, {feedback['snooze']:,} put off"
    yield ""
    yield wrap([f"Sales since {feedback['since']}: {verbs}."])
    for part in feedback["reasons"]:
        yield wrap([f"Rejected ({_word_reason(part['reason'])}): {part['times']:,}"])
    for part in feedback["wrong_entries"]:
        yield wrap([f"The {part['kind']} '{part['name']}' was called wrong {count(part['times'], 'time')}."])


def _word_conversion(part: Mapping[str, Any] | None) -> str:
    if part is None:
        return ""
    return f"{part['converted']:,} of {count(part['leads'], 'earlier lead')} converted ({part['share']:.0%})"


def _word_turning(answer: Mapping[str, Any]) -> Iterator[str]:
    """Which answers could turn the order round."""
    if not answer["can_turn"]:
        yield "No answers could turn the order round."
    elif not answer["questions"]:
        yield "Only several answers together could turn the order round."
    for question in answer["questions"]:
        lead = _shorten(answer[question["of"]]["lead"], LONGEST_ID_SHOWN)
        could = f"could make the difference {_sign(question['low'])} to {_sign(question['high'])}"
        yield wrap([f"{lead}: {question['question']} An answer {could}."])


def _word_notes(answer: Mapping[str, Any]) -> list[str]:
    return [wrap([note]) for note in answer["notes"]]


def _word_entry(entry: Mapping[str, Any], first: str, second: str) -> str:
    """An entry by its reasons, which are two where they differ."""
    reasons = [entry[f"{side}_reason"] for side in (first, second)]
    return " → ".join(dict.fromkeys(reason for reason in reasons if reason)) or entry["name"]


def _name_release(answer: Mapping[str, Any]) -> str:
    return f"the release {answer['release']}" if answer["release"] else f"the rules of '{answer['card']}'"


def _sign(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−") if points else "0.0"


def _scale(number: int, most: int) -> int:
    """The columns of a bar; at least one for what isn't nothing."""
    return max(1, number * BAR // most) if number else 0


def _shorten(text: str, most: int) -> str:
    """A lead's text in a column: one line, without controls."""
    text = show_controls(text).replace("\n", "\\n").replace("\t", "\\t")
    return text if len(text) <= most else text[: most - 1] + "…"


def _align(rows: Iterable[Sequence[str]], right: Sequence[int] = (), flexible: int | None = None) -> list[str]:
    """Rows as lines with aligned columns; a `flexible` column is cut so that the line fits."""
    table = [list(row) for row in rows]
    if not table:
        return []
    if flexible is not None:
        rest = sum(max(len(row[i]) for row in table) + 2 for i in range(len(table[0])) if i != flexible)
        for row in table:
            row[flexible] = _shorten(row[flexible], max(10, width() - rest))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return [
        "  ".join(
            cell.rjust(size) if i in right else cell.ljust(size)
            for i, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
