"""What the tags of a run's mistakes tell: what mending each could gain."""

import pathlib

import numpy as np

from kerasnotes import errors
from kerasnotes.data.common import tag_sheet
from kerasnotes.diagnosis import error_analysis, intervals
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import sheets
from kerasnotes.training.report import tables


def score(run_dir, split="dev", path=None):
    """Print what mending each kind of mistake could gain.

    Every row of the sheet counts as looked at, tagged or not.

    Args:
        run_dir: the run's folder.
        split: the name of the split that the sheet is of.
        path: the tagged sheet; default where `sheets.sheet` writes it.

    Returns:
        A list of `error_analysis.Ceiling`s, and the same without the
        mistakes that are wrong labels.

    Raises:
        UserError: the sheet is refused (see `data.tag_sheet.read`), has
            no tags, or a row that is no mistake of this run's split.
    """
    path = pathlib.Path(path or sheets.place(run_dir, split) / "mistakes.csv")
    path = path.expanduser()
    if not path.exists():
        raise errors.UserError(
            f"{path}: not there; write it with --mode=sheet, or name the "
            "tagged sheet with --sheet"
        )
    rows = tag_sheet.read(path)
    tags = [row.tags for row in rows]
    if not any(tags):
        raise errors.UserError(
            f"{path}: no tags in its {len(rows)} rows; write into the column "
            "tags what makes each mistake hard: 'blurry; wrong label'"
        )
    outcome = runs.open_run(run_dir).outcome(split)
    errors_by_row = _errors_of(rows, outcome, f"{run_dir}, {split}", path)
    measure = intervals.Measure.of_examples(outcome.errors)
    print(f"{run_dir}: error {measure.text} on {split}")
    error, part, weights = measure.error, measure.error, None
    looked_at = f"{len(rows)} of {len(outcome.mistakes())} mistakes looked at"
    if sheets.graded(outcome.errors):
        # The largest errors are no sample: they stand for themselves.
        part, weights = (
            float(errors_by_row.sum() / len(outcome.rows)),
            errors_by_row,
        )
        looked_at += f": {_per_cent(part)} of it"
    print(looked_at)
    if untagged := sum(not of for of in tags):
        print(
            f"{untagged} of them have no tag, and count as looked at: delete "
            "rows that nobody looked at"
        )
    every = error_analysis.ceilings(tags, part, weights)
    _print(every, error)
    rest, left, weights = error_analysis.without_wrong_labels(
        tags, part, weights
    )
    if len(rest) == len(tags):
        _advise(every, error)
        return every, every
    labels, error = part - left, error - (part - left)
    print(
        f"\nwrong labels are {_per_cent(labels)} of it, the other {len(rest)} "
        f"mistakes {_per_cent(error)}. Without wrong labels:"
    )
    clean = error_analysis.ceilings(rest, left, weights) if rest else []
    _print(clean, error)
    _advise(clean, error)
    return every, clean


def _errors_of(rows, outcome, name, path):
    """Return the errors of the sheet's rows; refuse what is no mistake."""
    places = {row["id"]: i for i, row in enumerate(outcome.rows)}
    for row in rows:
        place = places.get(row.id)
        if place is None or not outcome.errors[place]:
            what = "no example" if place is None else "read rightly: no mistake"
            raise errors.UserError(
                f"{path}: line {row.line}: {row.id!r} is {what} of {name}; "
                "give the --run_dir and --split of the sheet, or write it "
                "anew with --mode=sheet, which keeps its tags"
            )
    return np.array([outcome.errors[places[row.id]] for row in rows], float)


def _print(ceilings, error):
    if not ceilings:
        print("no tags")
        return
    rows = []
    for c in ceilings:
        shares = left = None
        if c.interval:
            low, high = c.interval
            fall = c.fall / c.share
            shares = intervals.span(low, high)
            left = intervals.span(error - high * fall, error - low * fall)
        rows.append(
            [
                c.tag,
                c.count,
                _per_cent(c.share),
                shares,
                _per_cent(c.fall),
                _per_cent(error - c.fall),
                left,
            ]
        )
    header = ["tag", "mistakes", "share", "95 %", "falls by", "to", "95 %"]
    print(tables.text_table(header, rows))


def _advise(ceilings, error):
    kinds = [c for c in ceilings if c.tag != "other"]
    if not kinds:
        return
    first, *rest = kinds
    text = (
        f"most worth: {first.tag!r}: without these mistakes the error would "
        f"be {_per_cent(error - first.fall)}, not {_per_cent(error)}"
    )
    if rest and first.interval and first.interval[0] <= rest[0].share:
        text += f"; not surely more than {rest[0].tag!r}"
    print(text)


def _per_cent(share):
    return f"{intervals.percent(share)} %"
