"""Two runs side by side: which is better, and on which examples."""

import dataclasses
import pathlib

import numpy as np

from kerasnotes import errors, files
from kerasnotes.diagnosis import comparison
from kerasnotes.plots import markup, page
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import sheets
from kerasnotes.training.report import tables
from kerasnotes.training.run import folder as run_folder


def compare(paths, split="dev", limit=100, output=None):
    """Tells which of two runs is better, and writes where they differ.

    compare.csv lists the examples that one run gets right and the other
    wrong, compare.html shows them.

    Args:
        paths: the two runs' folders.
        split: the name of the split to compare them on.
        limit: how many examples the page shows in each part.
        output: the folder to write to; default `compare-<second>` in the
            first run's.

    Returns:
        The `diagnosis.comparison.Comparison`.

    Both are judged by the same labels: where only one was trained with
    `--corrections`, by those.

    Raises:
        UserError: not two runs, or runs of different tasks or data.
    """
    paths = [pathlib.Path(path) for path in paths]
    if len({path.resolve() for path in paths}) != 2 or len(paths) != 2:
        raise errors.UserError(
            "--mode=compare: name two runs: --mode=compare runs/a runs/b. "
            f"Received: {' '.join(map(str, paths)) or 'none'}"
        )
    names = [path.name for path in paths]
    if names[0] == names[1]:
        names = [str(path) for path in paths]
    outcomes = _outcomes(paths, split)
    result = comparison.compare(*(j.errors for j in outcomes))
    folder = pathlib.Path(output or paths[0] / f"compare-{paths[1].name}")
    better = [_better(outcomes, side) for side in (0, 1)]
    rows = [
        _row(outcomes, names, i) | {"better": names[side]}
        for side in (0, 1)
        for i in better[side]
    ]
    columns = [*_row(outcomes, names, 0), "better"]
    files.write_csv(folder / "compare.csv", rows, columns)
    verdict = _verdict(result, names)
    header, cells = _counts(result, outcomes, names, split)
    print(tables.text_table(header, cells))
    print(verdict)
    blocks = [page.Text(verdict), page.Table(header, cells)]
    for side in (0, 1):
        blocks += _part(outcomes, names, side, better[side], limit)
    page.write(
        folder / "compare.html",
        f"{names[0]} and {names[1]}",
        f"Compared on the {len(outcomes[0].rows)} {split} examples.",
        blocks,
    )
    print(f"{folder / 'compare.csv'}: the {len(rows)} where one is better")
    print(f"{folder / 'compare.html'}: the same as a page")
    return result


def _outcomes(paths, split):
    """Return both outcomes, in the first one's order."""
    both = f"{paths[0]}, {paths[1]}"
    kinds = [run_folder.task_of(path) for path in paths]
    if kinds[0] != kinds[1]:
        raise errors.UserError(
            f"{both}: runs of {kinds[0]} and {kinds[1]}; give runs of one task"
        )
    outcomes, scales, labels = [], [], _labels(paths)
    for path in paths:
        run = runs.open_run(path, **labels)
        outcomes.append(run.outcome(split))
        scales.append(run.facts.get("target_std"))
    first, second = outcomes
    places = {row["id"]: i for i, row in enumerate(second.rows)}
    ids = [row["id"] for row in first.rows]
    if set(ids) != set(places):
        raise errors.UserError(
            f"{both}: their {split} sets differ: {len(ids)} and {len(places)} "
            f"examples, {len(set(ids) & set(places))} of them in common; give "
            "runs of the same --dataset and --split"
        )
    order = [places[name] for name in ids]
    rows = [second.rows[i] for i in order]
    for one, two in zip(first.rows, rows, strict=True):
        if one["true"] != two["true"]:
            raise errors.UserError(
                f"{both}: {one['id']!r} is {one['true']} in the one and "
                f"{two['true']} in the other; give runs of the same data"
            )
    if scales[0] != scales[1]:
        # Each run's errors are shares of its training targets' variance.
        raise errors.UserError(
            f"{both}: their training targets differ; give runs of the same data"
        )
    errors_ = np.asarray(second.errors)[order]
    return first, dataclasses.replace(second, errors=errors_, rows=rows)


def _labels(paths):
    """Return the flag by which both are judged, where people mended labels.

    Of two runs with corrections of their own the second's count.
    """
    configs = [runs.open_run(path).task.config for path in paths]
    corrections = [getattr(config, "corrections", None) for config in configs]
    if corrections[0] == corrections[1]:
        return {}
    mended = corrections[1] or corrections[0]
    print(f"both are judged by the labels of {mended}")
    return {"corrections": mended}


def _better(outcomes, side):
    """Return where one side is better, the largest difference first."""
    gain = np.asarray(outcomes[1 - side].errors, float) - outcomes[side].errors
    order = np.argsort(-gain, kind="stable")
    return [int(i) for i in order if gain[i] > 0]


def _row(outcomes, names, i):
    """Return what both runs say of an example."""
    row = {k: outcomes[0].rows[i][k] for k in ("id", "true")}
    for name, part in zip(names, outcomes, strict=True):
        cells = part.rows[i].items()
        row |= {f"{name}: {k}": v for k, v in cells if k not in row}
    return row


def _counts(result, outcomes, names, split):
    """Return the header and the rows of a table: who errs how often."""
    if result.counts is None:
        means = [float(np.mean(j.errors)) for j in outcomes]
        return ["run", f"{split} error"], [
            *map(list, zip(names, means, strict=True))
        ]
    header = [split, f"{names[1]} right", f"{names[1]} wrong"]
    titles = f"{names[0]} right", f"{names[0]} wrong"
    return header, [[t, *c] for t, c in zip(titles, result.counts, strict=True)]


def _verdict(result, names):
    test = "McNemar's mid-p" if result.counts else "paired t-test"
    lower, low, high = result.difference, result.low, result.high
    if result.difference < 0:
        lower, low, high = -lower, -high, -low
    winner, loser = names[::-1] if result.difference < 0 else names
    figures = (
        f"{winner}'s error is {100 * lower:.2f} points lower than {loser}'s "
        f"(95 %: {100 * low:.2f} to {100 * high:.2f}); p = {result.p:.2g} "
        f"({test})"
    )
    if result.better is None:
        return f"can't tell them apart: {figures}"
    return f"{winner} is better: {figures}"


def _part(outcomes, names, side, places, limit):
    """Return the blocks of the examples on which one side is better."""
    wins, loses = names[side], names[1 - side]
    what = (
        f"{wins} nearer than {loses}"
        if sheets.graded([j.errors for j in outcomes])
        else f"{wins} right, {loses} wrong"
    )
    shown = places[:limit]
    count = f"{len(places)} examples"
    if len(shown) < len(places):
        count += f"; the first {len(shown)}"
    heading = [page.Heading(what), page.Text(count + ".")]
    if outcomes[0].picture is None:
        rows = [_row(outcomes, names, i).values() for i in shown]
        columns = list(_row(outcomes, names, 0))
        cells = [[*map(markup.answer, row)] for row in rows]
        return [*heading, page.Table(columns, cells)]
    items = []
    for i in shown:
        row = outcomes[1 - side].rows[i]
        true, answer = (markup.answer(row[key]) for key in ("true", "given"))
        lines = [f"{true} read as {answer}", row["id"]]
        items.append((outcomes[0].picture(i), lines))
    return [*heading, page.Gallery(items)]
