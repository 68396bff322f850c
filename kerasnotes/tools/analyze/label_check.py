"""Labels that are probably wrong: found, shown, and corrected by people."""

import collections
import dataclasses
import pathlib

import numpy as np

from kerasnotes import errors, files
from kerasnotes.data.common import by_id, sheet
from kerasnotes.diagnosis import label_errors
from kerasnotes.tasks import classify
from kerasnotes.tools import runs
from kerasnotes.tools.analyze import label_page, out_of_fold
from kerasnotes.training.run import flags

_COLUMNS = (
    "id", "side", "label", "suggested", "confidence", "quality", "confirm",
)  # fmt: skip
_MARGIN = 10
_YES, _NO = {"yes", "y", "x", "1", "true"}, {"no", "n", "-", "0", "false"}


def find(run_dir, folds=5, seed=0, program="trainers.analyze"):
    """Ranks the labels of a run, and writes down those probably wrong.

    All sides are pooled and answered for out of fold (see
    `out_of_fold.probabilities`); a killed check goes on where it was. The
    run's folder gets labels.csv and labels.html, with the labels that
    confident learning finds wrong and as many again, at least 10, of the
    next in the ranking: one ranking for all sides. What the column `confirm`
    of labels.csv already holds is kept where the label is still the same.

    Args:
        run_dir: the run's folder.
        folds: the number of folds.
        seed: another one makes other folds.
        program: the program's name, for the command that comes next.

    Returns:
        The path of labels.csv.

    Raises:
        UserError: cleanlab is not installed, the run is of no classifier, or
            labels.csv can't be read.
    """
    label_errors.require_cleanlab()
    run, labelled = _open(run_dir)
    folder = pathlib.Path(run_dir)
    path = folder / "labels.csv"
    confirmed = _confirmed(path, labelled)
    probabilities = out_of_fold.probabilities(
        run, labelled, run.folder.output("label_check"), folds, seed
    )
    wrong = label_errors.wrong(labelled.labels, probabilities)
    rows, places = _rows(labelled, probabilities, wrong, confirmed)
    files.write_csv(path, rows, _COLUMNS)
    counts = [
        [side, int((at := labelled.sides == side).sum()), int(wrong[at].sum())]
        for side in dict.fromkeys(labelled.sides)
    ]
    command = flags.command(
        program, {"mode": "labels", "run_dir": run_dir, "sheet": path}
    )
    label_page.write(
        folder / "labels.html", labelled, rows, places, counts, command
    )
    for side, size, count in counts:
        print(
            f"of {size:,} {side} labels about {count} ({count / size:.1%}) "
            "look wrong"
        )
    print(
        f"{path}: {len(rows)} labels to look at, the most suspicious first: "
        "these, and as many again"
    )
    print(f"{folder / 'labels.html'}: the same with pictures")
    print(f"fill in the column confirm (yes, no, or a class), then: {command}")
    return path


def _open(run_dir):
    run = runs.open_run(run_dir)
    if not isinstance(run.task, classify.Classify):
        raise errors.UserError(
            f"--run_dir={run_dir}: a run of {run.task.name}; --mode=labels "
            "needs one class an example, as classify has"
        )
    return run, out_of_fold.pool(run.data.splits)


def _names(labelled):
    return labelled.examples.class_names


def _confirmed(path, labelled):
    """Return what people wrote into the sheet before, by id."""
    if not path.exists():
        return {}
    labels = dict(zip(labelled.ids, labelled.labels, strict=True))
    return {
        cells["id"]: cells["confirm"].strip()
        for _, cells in sheet.read(path, _COLUMNS)
        if cells["confirm"].strip()
        and cells["id"] in labels
        and cells["label"] == _names(labelled)[labels[cells["id"]]]
    }


def _rows(labelled, probabilities, wrong, confirmed):
    """Return the rows of labels.csv, and the place of each in the pool."""
    names, ids, labels = _names(labelled), labelled.ids, labelled.labels
    quality = label_errors.quality(labels, probabilities)
    suggested = label_errors.suggested(labels, probabilities)
    order = np.argsort(quality, kind="stable")
    more = max(int(wrong.sum()), _MARGIN)
    shown = set(order[~wrong[order]][:more]) | set(np.flatnonzero(wrong))
    places = [i for i in order if i in shown or ids[i] in confirmed]
    rows = [
        {
            "id": ids[i],
            "side": labelled.sides[i],
            "label": names[labels[i]],
            "suggested": names[suggested[i]],
            "confidence": round(float(probabilities[i, suggested[i]]), 4),
            "quality": round(float(quality[i]), 4),
            "confirm": confirmed.get(ids[i], ""),
        }
        for i in places
    ]
    return rows, places


def apply(run_dir, path):
    """Write the corrections that people confirmed, for `--corrections`.

    Those that the run was trained with stay. `1` and `x` say yes too, `0`
    and `-` no, but where a class is named so they mean the class.

    Args:
        run_dir: the run's folder.
        path: the sheet that `find` wrote, its column `confirm` filled.

    Returns:
        The path of corrections.csv, beside the sheet.

    Raises:
        UserError: the sheet is refused, which names its line, or nothing is
            confirmed.
    """
    run, labelled = _open(run_dir)
    meant = _read(path, labelled)
    if not any(meant.values()):
        raise errors.UserError(
            f"{path}: the column confirm is empty; write yes, no, or a class "
            "where you looked"
        )
    corrections = _tell(labelled, meant)
    before = run.task.config.corrections
    if before:
        ids = labelled.examples.ids
        old = by_id.read("--corrections", before, "label", ids)
        corrections = old | corrections
    target = pathlib.Path(path).with_name("corrections.csv")
    rows = [{"id": i, "label": label} for i, label in corrections.items()]
    files.write_csv(target, rows, ["id", "label"])
    print(f"{target}: {len(rows)} corrections; train again with them:")
    print(_command(run.task, run_dir, target))
    return target


def _tell(labelled, meant):
    """Print what is corrected; return it, a dictionary of id to label."""
    pairs = zip(labelled.sides, labelled.labels, strict=True)
    known = {
        i: (side, _names(labelled)[label])
        for i, (side, label) in zip(labelled.ids, pairs, strict=True)
    }
    changed = {
        i: new for i, new in meant.items() if new not in ("", known[i][1])
    }
    listed = {known[i][0] for i in meant}
    reviewed = collections.Counter(known[i][0] for i in meant if meant[i])
    count = collections.Counter(known[i][0] for i in changed)
    sides = dict.fromkeys(labelled.sides)
    text = ", ".join(f"{count[side]} of {side}" for side in sides)
    print(f"{reviewed.total()} labels looked at, to correct: {text}")
    kinds = collections.Counter((known[i][1], changed[i]) for i in changed)
    for (old, new), times in kinds.most_common(10):
        print(errors.printable(f"  {old} → {new}: {times}"))
    for side, other in (("dev", "test"), ("test", "dev")):
        if count[side] and other in listed and not reviewed[other]:
            print(
                f"WARNING: {side} labels are corrected, and no {other} label "
                "was looked at: treat dev and test alike, or they differ"
            )
    return changed


def _read(path, labelled):
    """Return the label that each row asks for by id, empty if none."""
    names = _names(labelled)
    labels = dict(zip(labelled.ids, labelled.labels, strict=True))
    lines, meant = {}, {}
    for line, cells in sheet.read(path, _COLUMNS):
        where, key = f"{path}: line {line}", cells["id"]
        if key not in labels or cells["label"] != names[labels[key]]:
            what = "example" if key not in labels else cells["label"]
            raise errors.UserError(
                f"{where}: the run has no {what} {key!r}; give the --run_dir "
                "of the sheet, or write it anew"
            )
        if lines.setdefault(key, line) != line:
            raise errors.UserError(
                f"{where}: {key!r} again, first on line {lines[key]}; leave "
                "one of the lines"
            )
        meant[key] = _meant(where, cells, names)
    return meant


def _meant(where, cells, names):
    """Return the label that a row's confirm asks for, empty if none."""
    text = cells["confirm"].strip()
    if text not in names and text.casefold() in _YES | _NO:
        text = cells["suggested" if text.casefold() in _YES else "label"]
    if text and text not in names:
        raise errors.unknown(f"{where}: confirm", text, ["yes", "no", *names])
    return text


def _command(task, run_dir, target):
    """Return the command that trains with the corrections."""
    words = {
        field.name: value
        for field in dataclasses.fields(task.config)
        if (value := getattr(task.config, field.name)) != field.default
    }
    folder = f"{str(run_dir).rstrip('/')}-corrected"
    words |= {"mode": None, "overwrite": None}
    words |= {"run_dir": folder, "corrections": target}
    return flags.command(f"trainers.{task.name}", words)
