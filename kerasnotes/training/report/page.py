"""What a run tells people: the page, the terminal's tables."""

import csv
import io
import json
import pathlib
import sys

from kerasnotes import files
from kerasnotes.plots import curves, figures, page

_SPLITS = ("train", "train_dev", "dev", "test")


def write(folder, metrics, state, blocks, command, headline):
    """Writes figures/curves.png and report.html.

    Args:
        folder: the run's folder.
        metrics: what metrics.json holds.
        state: the final state of the run, for its history.
        blocks: the task's own blocks.
        command: the command line that makes this run.
        headline: the metric that people ask for first.
    """
    flags = files.read_json(folder / "config.json")
    optimized = flags["flags"]["optimize"]
    best = metrics["best_epoch"]
    history = state["history"]
    picture = folder / "figures" / "curves.png"
    figures.save(curves.curves(history, optimized, best), picture)
    header, rows = _table(metrics)
    facts = [
        (f"{name} {headline}", _short(metrics[name][headline]))
        for name in reversed(_SPLITS)
        if name in metrics and headline in metrics[name]
    ]
    facts.append(("best epoch", f"{best} of {len(history)}"))
    facts.append(("training time", f"{metrics['seconds']:.0f} s"))
    data = flags["data"]
    page.write(
        folder / "report.html",
        f"{metrics['model']} on {_sets(flags['flags'])}",
        f"{metrics['parameters']:,} parameters, {data['train']:,} training "
        f"examples",
        [
            page.Facts(facts),
            *blocks,
            page.Heading("Learning curves"),
            page.Picture(
                picture,
                "Each epoch's mean over training against dev. "
                f"Epoch {best} was kept.",
                "Loss and metric over the epochs, train against dev",
                chart=True,
            ),
            *_found(state["found"]),
            *_nudged(state["nudges"]),
            page.Heading("Metrics"),
            page.Table(header, rows, "Of the model kept, in inference mode."),
            page.Heading("Run it again"),
            page.Code(command),
            page.Text(
                f"Python {flags['python']}, revision "
                f"{flags['git_revision'] or 'unknown'}, "
                + ", ".join(f"{k} {v}" for k, v in flags["packages"].items())
                + "."
            ),
            page.Table(
                ["flag", "value"],
                [[f"--{k}", str(v)] for k, v in flags["flags"].items()],
                "What the flags were.",
            ),
        ],
    )


def _sets(flags):
    """Returns what a run learns from, and what judges it if that is another.

    >>> _sets({"dataset": "composed:count=9", "dev_dataset": "my/pets"})
    'composed, judged on pets'
    """
    names = [
        pathlib.PurePath(name.partition(":")[0]).name
        for name in (flags["dataset"], flags.get("dev_dataset"))
        if name
    ]
    return ", judged on ".join(names)


def _found(texts):
    if not texts:
        return []
    return [page.Heading("What --watch found"), *map(page.Code, texts)]


def _nudged(nudges):
    if not nudges:
        return []
    rows = [[n["epoch"], n["key"], str(n["value"])] for n in nudges]
    return [
        page.Heading("Nudged"),
        page.Table(
            ["after epoch", "what", "to"], rows, "What nudge.json changed."
        ),
    ]


def _short(value):
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.5g}"


def _table(metrics):
    """Returns the header and rows of the metrics, a column a split."""
    splits = [name for name in _SPLITS if name in metrics]
    names = dict.fromkeys(
        key
        for split in splits
        for key, value in metrics[split].items()
        if isinstance(value, int | float)
    )
    rows = [[n, *(metrics[s].get(n) for s in splits)] for n in names]
    return ["metric", *splits], rows


def metrics_text(metrics):
    """Returns the metrics as a table for a terminal, and what is text."""
    header, rows = _table(metrics)
    values = [v for split in header[1:] for v in metrics[split].values()]
    texts = dict.fromkeys(v for v in values if isinstance(v, str))
    return "\n".join([text_table(header, rows), *texts])


def text_table(header, rows):
    """Returns a table in columns; numbers with four digits.

    >>> print(text_table(["metric", "dev"], [["loss", 0.123456]]))
    metric     dev
    loss    0.1235
    """
    cells = [[_cell(value) for value in row] for row in [header, *rows]]
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
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def print_answers(answers, form):
    """Prints predictions as they come.

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
            name = next(iter(answer.values()))
            print(f"{name}: {answer['error']}", file=sys.stderr)
            status = 1
            continue
        if form == "json":
            print(json.dumps(answer, ensure_ascii=False), flush=True)
            continue
        if form == "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, answer, lineterminator="\n")
            if not started:
                writer.writeheader()
            writer.writerow(answer)
            print(text.getvalue(), end="", flush=True)
        else:
            print("  ".join(_cell(v) for v in answer.values()), flush=True)
        started = True
    return status
