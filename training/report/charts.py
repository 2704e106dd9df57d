"""The charts of the report: records in, inline SVG out.

Drawn by Matplotlib, in the colours of Okabe and Ito that the colour-blind can tell apart; never by colour alone, for
shape, side or a label says the same, so that a print in grey can be read too. Texts stay texts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from leadledger.scoring.bins import NumberBins
from leadledger.scoring.lookup import Pair, Table
from leadledger.scoring.result import format_signed
from leadledger.training.report.coarse_bins import list_drawn_bins
from leadledger.training.report.drawing import (
    BLUE,
    GAIN_AND_LOSS,
    GREY,
    INK,
    LETTER_WIDTH,
    MOST_ENTRIES,
    ORANGE,
    RED,
    SHADES_PER_SIDE,
    WIDTH,
    Chart,
    add_axes,
    add_grid,
    add_rows,
    add_whiskers,
    add_zero_line,
    cell_path,
    draw_figure,
    format_points,
    label_width,
    labels_of,
    root,
    shorten,
    shorten_labels,
    show_counts,
    show_percents,
    square,
    to_svg,
    write_above,
)
from leadledger.training.report.figures import group_digits


def gain(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`lift` records: the share of all opportunities that a share of the leads holds."""
    with draw_figure(WIDTH, 3.2) as figure:
        axes = add_axes(figure, 0.7, 0.55, right=0.3)
        axes.plot([0, 1], [0, 1], "--", color=GREY)
        axes.text(0.62, 0.55, "picked at random", color=INK, ha="left", va="top")
        axes.plot(
            [0, *(record["share"] for record in records)],
            [0, *(record["found"] for record in records)],
            "-o",
            ms=4,
            c=BLUE,
        )
        axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="best leads by score, of all leads", ylabel="opportunities found")
        show_percents(axes.xaxis, axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def lift(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`lift` records: how many times more opportunities a share of the leads holds than chance would give it."""
    with draw_figure(WIDTH, 3.2) as figure:
        axes = add_axes(figure, 0.7, 0.55)
        axes.axhline(1, ls="--", color=GREY)
        axes.text(
            0.02, 1.0, "picked at random", color=INK, ha="left", va="bottom", transform=axes.get_yaxis_transform()
        )
        axes.plot([record["share"] for record in records], [record["lift"] for record in records], "-o", ms=4, c=BLUE)
        axes.set(xlim=(0, 1.02), xlabel="best leads by score, of all leads", ylabel="times as many as by chance")
        axes.set_ylim(bottom=0)
        show_percents(axes.xaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def reliability(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """Actual against predicted rates, with limits; the axes are stretched near 0, where most leads are."""
    with draw_figure(WIDTH, 3.6) as figure:
        axes = add_axes(figure, 0.7, 0.55)
        top = min(1.0, 1.05 * max(max(record["high"], record["foreseen"]) for record in records))
        axes.set_xscale("function", functions=(root, square))
        axes.set_yscale("function", functions=(root, square))
        axes.plot([0, top], [0, top], "--", color=GREY)
        add_whiskers(axes, [record["foreseen"] for record in records], records, BLUE, "o")
        ticks = [tick for tick in (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1) if tick <= top]
        axes.set(xlim=(0, top), ylim=(0, top), xticks=ticks, yticks=ticks)
        axes.set(xlabel="predicted", ylabel="actual (bars: 95% limits)")
        show_percents(axes.xaxis, axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def volume(records: Sequence[Mapping[str, Any]], precision: float | None, threshold: float | None, alt: str) -> Chart:
    """`precision_by_volume` records of a stage: which share of the promoted is won, the more are promoted."""
    with draw_figure(WIDTH, 3.4) as figure:
        axes = add_axes(figure, 0.7, 0.55)
        leads = [record["leads"] for record in records]
        axes.fill_between(
            leads, [record["low"] for record in records], [record["high"] for record in records], color="#cfe3f1"
        )
        axes.plot(leads, [record["precision"] for record in records], "-o", ms=3, c=BLUE)
        end = max(leads)
        if precision is not None:
            axes.axhline(precision, ls="--", color=INK, lw=1)
            axes.text(end, precision, "asked for", ha="right", va="bottom")
        chosen = [record for record in records if threshold is not None and record["points"] >= threshold]
        if chosen:
            last = max(chosen, key=lambda record: record["leads"])
            axes.axvline(last["leads"], ls=":", color=RED)
            axes.plot([last["leads"]], [last["precision"]], "D", ms=7, c=RED)
            right = last["leads"] > end / 2
            side: dict[str, Any] = {"ha": "right" if right else "left", "va": "bottom"}
            axes.text(last["leads"], 0.02, " promotion threshold ", transform=axes.get_xaxis_transform(), **side)
        axes.set(xlim=(0, end * 1.03), ylim=(0, 1.03), xlabel="held-out leads promoted", ylabel="of them won")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        show_counts(axes.xaxis)
        show_percents(axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def months(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`by_month` records: predicted and actual rates, above the leads of each month."""
    with draw_figure(WIDTH if len(records) <= 14 else 2 * WIDTH, 3.6) as figure:
        axes = add_axes(figure, 0.7, 1.35, top=0.35)
        below = add_axes(figure, 0.7, 0.4, top=2.55)
        at = list(range(len(records)))
        axes.plot(at, [record["foreseen"] for record in records], "-", c=ORANGE, lw=2, label="predicted")
        for held, colour, mark, words in (
            (False, GREY, "s", "actual, older leads"),
            (True, BLUE, "o", "actual, held out"),
        ):
            part = [i for i in at if records[i]["held_out"] == held]
            if part:
                add_whiskers(axes, part, [records[i] for i in part], colour, mark, label=words)
            below.bar(part, [records[i]["leads"] for i in part], color=colour, width=0.7)
        top = max(max(record["came"], record["foreseen"]) for record in records)
        most = max(record["high"] for record in records)
        axes.set(ylim=(0, min(1.0, most * 1.05, max(top * 1.8, 0.02))), xlim=(-0.6, len(at) - 0.4), xticks=[])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=8, borderpad=0)
        step = math.ceil(len(at) / (6 if len(at) <= 14 else 12))
        below.set(xlim=axes.get_xlim(), xticks=at[::step], ylabel="leads")
        below.set_xticklabels([records[i]["month"] for i in at[::step]])
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        show_counts(below.yaxis)
        show_percents(axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def scores(records: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """`scores` records: predicted and actual rates by bands of points, above the leads of each band."""
    with draw_figure(WIDTH, 3.6) as figure:
        axes = add_axes(figure, 0.7, 1.45, top=0.35)
        below = add_axes(figure, 0.7, 0.55, top=2.55)
        at = list(range(len(records)))
        axes.plot(at, [record["foreseen"] for record in records], "-", c=ORANGE, lw=2, label="predicted")
        add_whiskers(axes, at, records, BLUE, "o", label="actual")
        axes.set(ylim=(0, min(1.0, max(record["high"] for record in records) * 1.05)), xlim=(-0.6, len(at) - 0.4))
        axes.set_xticks([])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=8, borderpad=0)
        below.bar(at, [record["leads"] for record in records], color=BLUE, width=0.7)
        below.set(xlim=axes.get_xlim(), xlabel="points", ylabel="leads")
        # The lower end of each band is enough, and fits under its bar.
        words = [str(record["band"]) for record in records]
        below.set_xticks(at, [f"< {word[6:]}" if word.startswith("below ") else word.split()[0] for word in words])
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        show_counts(below.yaxis)
        show_percents(axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def rivals(judged: Mapping[str, Mapping[str, Any]], names: Sequence[str], alt: str) -> Chart:
    """The log-loss of each forecast, a row each; the first is this release."""
    losses = [quality["log_loss"] for quality in judged.values()]
    with draw_figure(WIDTH, 0.8 + 0.3 * len(losses)) as figure:
        axes = add_axes(figure, label_width(names), 0.55, right=0.55)
        for row, loss in enumerate(losses):
            axes.plot([loss], [row], "D" if row == 0 else "o", ms=8 if row == 0 else 6, c=BLUE if row == 0 else GREY)
            axes.annotate(f"{loss:.4f}", (loss, row), (7, 0), textcoords="offset points", va="center", fontsize=8)
        add_rows(axes, names)
        spare = (max(losses) - min(losses)) * 0.15 or 0.01
        axes.set(xlim=(min(losses) - spare, max(losses) + spare), xlabel="log-loss (further left is better)")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        return to_svg(figure, alt)


def maturity(curve: Sequence[Mapping[str, Any]], horizon: float | None, alt: str) -> Chart:
    """The share of leads that have become opportunities by a day after they were met, with limits."""
    with draw_figure(WIDTH, 3.2) as figure:
        axes = add_axes(figure, 0.7, 0.55)
        days = [point["day"] for point in curve]
        last = max([*days, 1])
        end = last if horizon is None else min(last, 4 * horizon)  # what comes later is in the table
        limits = [point["low"] for point in curve], [point["high"] for point in curve]
        axes.fill_between(days, *limits, step="post", color="#cfe3f1")
        axes.step(days, [point["share"] for point in curve], where="post", c=BLUE)
        if horizon is not None:
            axes.axvline(horizon, ls=":", color=RED)
            side = "right" if horizon > end / 2 else "left"
            axes.text(horizon, 0.02, " horizon ", transform=axes.get_xaxis_transform(), ha=side, va="bottom")
        axes.set(xlim=(0, end), xlabel="days since the lead was met", ylabel="became an opportunity")
        axes.set_ylim(bottom=0)
        show_percents(axes.yaxis)
        add_grid(axes)
        return to_svg(figure, alt)


def drift(records: Sequence[Mapping[str, Any]], names: Sequence[str], alt: str) -> Chart:
    """The stability index of the score, fields and rules, a row each, against the two bands."""
    with draw_figure(WIDTH, 0.95 + 0.21 * len(records)) as figure:
        axes = add_axes(figure, label_width(names), 0.55, top=0.28)
        top = max(0.3, *(record["psi"] * 1.08 for record in records))
        for edge, words in ((0.10, "moved"), (0.25, "shifted")):
            axes.axvline(edge, ls="--", color=GREY, lw=1)
            axes.text(edge, 1.0, words, transform=axes.get_xaxis_transform(), ha="left", va="bottom", fontsize=8)
        marks = {"steady": ("o", GREY), "moved": ("s", ORANGE), "shifted": ("D", RED)}
        for row, record in enumerate(records):
            mark, colour = marks.get(record["band"], ("o", GREY))
            axes.plot([0, record["psi"]], [row, row], "-", c=colour, lw=1)
            axes.plot([record["psi"]], [row], mark, ms=5, c=colour)
        add_rows(axes, names)
        axes.set(xlim=(-0.02 * top, top), xlabel="population stability index")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        return to_svg(figure, alt)


def audit(rules: Sequence[Mapping[str, Any]], alt: str) -> Chart:
    """Of each rule, the points that the card declares and, with limits, those that the data support."""
    names = [rule["name"].replace("_", " ") for rule in rules]
    with draw_figure(WIDTH, 0.95 + 0.24 * len(rules)) as figure:
        axes = add_axes(figure, label_width(names), 0.55, top=0.3)
        add_zero_line(axes)
        for row, rule in enumerate(rules):
            if rule["supported"] is not None:
                low, high = rule["supported_low"], rule["supported_high"]
                if low is not None and high is not None:
                    axes.plot([low, high], [row, row], "-", c=BLUE, lw=1)
                axes.plot([rule["supported"]], [row], "o", ms=5, c=BLUE, label="supported")
            axes.plot([rule["declared"]], [row], "D", ms=5, mfc="white", mec=RED, label="declared")
        add_rows(axes, names)
        handles, labels = axes.get_legend_handles_labels()
        both = dict(zip(labels, handles, strict=True))
        words = {"supported": "what the data support", "declared": "what the card declares"}
        shown_handles = [both[name] for name in words if name in both]
        shown_labels = [words[name] for name in words if name in both]
        place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0}
        axes.legend(shown_handles, shown_labels, ncols=2, frameon=False, fontsize=8, **place)
        most = max(
            (abs(rule[key]) for rule in rules for key in ("declared", "supported") if rule[key] is not None), default=1
        )
        # One rule that fired twice must not squeeze all others: a limit may leave the picture, the table has it.
        axes.set(xlim=(-1.6 * most - 1, 1.6 * most + 1), xlabel="points")
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(format_points))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        return to_svg(figure, alt)


def table(term: Table, alt: str) -> Chart:
    """The points of each bin with their standard errors, and beside them how many leads fell in it.

    Neighbouring bins of a number that the data don't tell apart are one row.
    """
    bins = list_drawn_bins(term)
    names = [group_digits(row.label) if isinstance(term.bins, NumberBins) else row.label for row in bins]
    counts, points = [row.leads for row in bins], [row.points for row in bins]
    with draw_figure(WIDTH, 0.85 + 0.215 * len(names)) as figure:
        left = label_width(names)
        middle = left + (WIDTH - left) * 0.62
        axes = add_axes(figure, left, 0.5, right=WIDTH - middle, top=0.1)
        beside = add_axes(figure, middle + 0.12, 0.5, right=0.1 + 0.065 * len(f"{max(counts):,}"), top=0.1)
        add_zero_line(axes)
        colours = [BLUE if point >= 0 else RED for point in points]
        axes.hlines(range(len(names)), 0, points, colors=colours, lw=1, alpha=0.5)
        bars = [(row, drawn.points, drawn.error) for row, drawn in enumerate(bins) if drawn.leads and drawn.error]
        if bars:
            at, middles, halves = zip(*bars, strict=True)
            axes.errorbar(middles, at, xerr=halves, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
        for gains, some in ((True, True), (True, False), (False, True), (False, False)):
            part = [i for i, drawn in enumerate(bins) if (drawn.points >= 0, drawn.leads > 0) == (gains, some)]
            colour = BLUE if gains else RED
            style: dict[str, Any] = {"ms": 5, "mec": colour, "mfc": colour if some else "white"}
            axes.plot([points[i] for i in part], part, "o" if gains else "s", **style)
        add_rows(axes, names)
        reach = max(max(abs(drawn.points) + drawn.error for drawn in bins), 1.0) * 1.12
        axes.set(xlim=(-reach, reach), xlabel="points")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(format_points))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        beside.barh(range(len(names)), counts, color="#c4c4c4", height=0.62)
        for row, count in enumerate(counts):
            beside.annotate(f"{count:,}", (count, row), (2, 0), textcoords="offset points", va="center", fontsize=7.5)
        beside.set(ylim=axes.get_ylim(), yticks=[], xticks=[], xlim=(0, max([*counts, 1])), xlabel="leads")
        beside.spines["bottom"].set_visible(False)
        return to_svg(figure, alt)


def pair(term: Pair, titles: tuple[str, str], alt: str) -> Chart:
    """The points of two fields together as a heat map; in each cell the points, and below them the leads."""
    rows, columns = (shorten_labels(labels_of(bins)) for bins in term.bins)
    left, high = label_width(rows) + 0.25, 0.45 + max(len(column) for column in columns) * LETTER_WIDTH * 0.72
    width = max(WIDTH, left + 0.55 * len(columns) + 0.5)
    with draw_figure(width, high + 0.36 * len(rows) + 0.1) as figure:
        axes = add_axes(figure, left, 0.1, right=0.5, top=high)
        reach = max(max(abs(cell) for row in term.points for cell in row), 10)
        shades: dict[int, list[Path]] = {}
        for i, (points, counts) in enumerate(zip(term.points, term.counts, strict=True)):
            for j, (point, count) in enumerate(zip(points, counts, strict=True)):
                shades.setdefault(round(SHADES_PER_SIDE * point / reach) if count else 0, []).append(cell_path(j, i))
                words = f"{format_signed(point)}\n{count:,}" if count else f"{format_signed(point)}\nnone"
                axes.text(j, i, words, ha="center", va="center", fontsize=7, color=INK if count else GREY)
        for shade, cells in shades.items():  # one path a shade, for a page of a thousand cells to stay small
            colour = GAIN_AND_LOSS(0.5 + 0.375 * shade / SHADES_PER_SIDE)
            axes.add_patch(PathPatch(Path.make_compound_path(*cells), fc=colour, ec="#bbbbbb", lw=0.5, clip_on=False))
        axes.set(xlim=(-0.5, len(columns) - 0.5))
        add_rows(axes, rows)
        axes.set_ylabel(shorten(titles[0], 40))
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xticks(range(len(columns)), columns, rotation=45, ha="left", fontsize=8)
        axes.set_xlabel(shorten(titles[1], 50))
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return to_svg(figure, alt)


def waterfall(example: Mapping[str, Any], alt: str) -> Chart:
    """The ledger of one lead, from the start to the total; the promotion threshold; the range of missing answers."""
    start, *entries = example["ledger"]
    kept = sorted(entries, key=lambda entry: -abs(entry["points"]))
    if len(kept) > MOST_ENTRIES:
        rest = sum(entry["points"] for entry in kept[MOST_ENTRIES:])
        kept = [*kept[:MOST_ENTRIES], {"points": rest, "reason": "all smaller ones together"}]
    steps = [start["points"], *(entry["points"] for entry in kept)]
    sums = list(accumulate(steps))
    with draw_figure(WIDTH, 0.95 + 0.33 * (len(steps) + 1)) as figure:
        axes = add_axes(figure, 0.15, 0.5, right=0.15, top=0.25)
        places = [*sums, example["low"], example["high"], example["line"] or example["total"], 0.0]
        low, high = min(places), max(places)
        spare = (high - low) * 0.12 + 1
        axes.set(xlim=(low - spare, high + spare), xlabel="points")
        last = len(steps)
        for row, (step, after) in enumerate(zip(steps, sums, strict=True)):
            before = 0.0 if row == 0 else after - step
            colour = GREY if row == 0 else BLUE if step >= 0 else RED
            hatch = "" if row == 0 or step >= 0 else "////"  # hatching shows a loss too
            axes.barh([row + 0.2], [step], left=[before], height=0.36, color=colour, hatch=hatch, ec="white", lw=0.5)
            axes.plot([after, after], [row + 0.2, row + 1.2], "-", c=GREY, lw=0.7)
            words = start["reason"] if row == 0 else kept[row - 1]["reason"]
            write_above(axes, row, f"{format_signed(round(step * 10))}  {shorten(words, 52)}")
        total = f"{example['total']:.1f} points".replace("-", "−")
        error = "" if example["error"] is None else f" ± {example['error']:.1f}"
        write_above(axes, last, f"= {total}{error}", weight="bold")
        axes.plot([example["low"], example["high"]], [last + 0.2] * 2, "-|", c=INK, lw=1.2, ms=9)
        axes.plot([example["total"]], [last + 0.2], "D", ms=7, c=INK)
        if example["line"] is not None:
            axes.axvline(example["line"], ls="--", color=INK, lw=1)
            axes.text(example["line"], 1.0, "threshold", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        axes.set(ylim=(last + 0.55, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
        axes.grid(axis="x", color="#e4e4e4", lw=0.6)
        return to_svg(figure, alt)
