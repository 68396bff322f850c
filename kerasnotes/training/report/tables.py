"""Metrics and answers as text: for terminals, and as rows of a page."""

import json
import re
import sys

from kerasnotes import errors, files
from kerasnotes.plots import digits, markup

SPLITS = ("train", "train_dev", "dev", "test")
"""The names that splits of data have, in the order of tables."""


def metrics_rows(metrics):
    """Return the header and rows of the metrics, a column a split."""
    splits = [name for name in SPLITS if name in metrics]
    names = dict.fromkeys(
        key
        for split in splits
        for key, value in metrics[split].items()
        if isinstance(value, int | float)
    )
    rows = [[n, *(metrics[s].get(n) for s in splits)] for n in names]
    return ["metric", *splits], rows


def metrics_text(metrics):
    """Return the metrics as a table for a terminal, and what is text."""
    header, rows = metrics_rows(metrics)
    values = [v for split in header[1:] for v in metrics[split].values()]
    texts = dict.fromkeys(v for v in values if isinstance(v, str))
    return "\n".join([text_table(header, rows), *texts, *absences(metrics)])


def absences(metrics):
    """Return a line for each split that lacks a class, which names these.

    >>> absences({"dev": {"absent": ["cat"]}, "test": {"absent": []}})[0][:28]
    "no example of 'cat' in dev: "
    """
    absent = ((s, metrics.get(s, {}).get("absent")) for s in SPLITS)
    return [
        f"no example of {errors.enumeration(map(repr, names))} in {split}: "
        "means over classes and the worst are those of the others"
        for split, names in absent
        if names
    ]


def text_table(header, rows):
    """Return a table in columns; numbers in four digits.

    >>> print(text_table(["metric", "dev"], [["loss", 0.123456]]))
    metric     dev
    loss    0.1235
    """
    cells = [
        [errors.printable(_cell(value)) for value in row]
        for row in [header, *rows]
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _cell(value):
    if value is None:
        return "–"
    return digits.text(value) if isinstance(value, float) else str(value)


def _answer_cell(value):
    """Return a cell of an answer: every digit that the task gives."""
    cell = _cell(value)
    if isinstance(value, float) and float(cell) != value:
        return repr(value)
    return cell


def print_answers(answers, form):
    """Print predictions as they come.

    Args:
        answers: dictionaries, of which the first entry is the input; one with
            an `error` is a failure.
        form: table, json (an object a line) or csv.

    Returns:
        The exit status: 1 where an input failed.
    """
    status, started = 0, False
    for answer in answers:
        if "error" in answer:
            print(_failure(answer), file=sys.stderr)
            status = 1
            continue
        if form == "json":
            # Where letters are escaped on the way out, JSON has its own way.
            ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
            print(json.dumps(answer, ensure_ascii=ascii), flush=True)
            continue
        if form == "csv":
            rows = [answer.values()] if started else [answer, answer.values()]
            print(files.csv_text(rows), end="", flush=True)
        else:
            print(
                "  ".join(_shown(*pair) for pair in answer.items()), flush=True
            )
        started = True
    return status


def _failure(answer):
    """Return the line of an input that failed: its name, its place, why."""
    (_, name), *places = (p for p in answer.items() if p[0] != "error")
    places = [f"{key} {value}" for key, value in places]
    cells = [errors.printable(name), *map(errors.printable, places)]
    return ": ".join([*cells, answer["error"]])


def _shown(name, value):
    """Return a cell in which nothing steers the terminal."""
    if name == "file":
        return errors.printable(value)
    # Joiners and the like belong to texts; controls belong to none.
    return re.sub(
        "[\x00-\x1f\x7f-\x9f]",
        lambda match: errors.printable(match[0]),
        markup.answer(_answer_cell(value)),
    )
