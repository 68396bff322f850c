"""The sheet of a run's mistakes, to be tagged."""

import dataclasses
import pathlib

import numpy as np

from kerasnotes.data.common import tag_sheet
from kerasnotes.plots import markup, page
from kerasnotes.tools import runs
from kerasnotes.training.run import flags

_TITLES = {"given": "read as"}


def graded(outcome):
    """Return whether errors `[n]` are more than right (0) and wrong (1)."""
    return not np.isin(outcome, (0, 1)).all()


def sheet(run_dir, split="dev", limit=100, output=None, program=""):
    """Write mistakes.csv, to be tagged, and mistakes.html with pictures.

    Of more than `limit` mistakes they hold a fair sample, in random order, so
    that any beginning is one too; of graded errors the largest, the largest
    first. Which are in it depends on their ids alone. Tags that mistakes.csv
    already has are kept.

    Args:
        run_dir: the run's folder.
        split: the name of the split to look at.
        limit: how many mistakes to take.
        output: the folder to write to; default the run's, and of another
            split than dev `mistakes-<split>` in it.
        program: the program's name, for the command that comes next.

    Returns:
        The path of mistakes.csv, or None where nothing is misread.
    """
    run = runs.open_run(run_dir)
    outcome = run.outcome(split)
    wrong = outcome.mistakes()
    if not wrong:
        print(f"none of {len(outcome.rows)} {split} examples is misread")
        return None
    if graded(outcome.errors):
        order = sorted(wrong, key=lambda i: -outcome.errors[i])
        chosen = "the largest errors first"
    else:
        order = outcome.sample()
        chosen = "in random order: any beginning is a fair sample"
    folder = pathlib.Path(output) if output else place(run_dir, split)
    path = folder / "mistakes.csv"
    rows = [outcome.rows[i] for i in order]
    shown, old = tag_sheet.write(path, rows[:limit], rows[limit:])
    if shown:
        print(f"{path}: the tags of {shown} rows are kept")
    if old:
        print(f"{old}: the sheet before, with tags that have no row now")
    written = tag_sheet.read(path)
    facts = (
        f"{len(written)} of {len(wrong)} mistakes on the "
        f"{len(outcome.rows)} {split} examples, {chosen}"
    )
    words = {"mode": "score", "run_dir": run_dir}
    if split != "dev":
        words["split"] = split
    if output:
        words["sheet"] = path
    command = flags.command(program, words)
    _write_page(folder / "mistakes.html", run, facts, outcome, written, command)
    print(f"{path}: {facts}")
    print(f"{folder / 'mistakes.html'}: the same as a page")
    print(f"fill in the column tags, then: {command}")
    return path


def place(run_dir, split):
    """Return the folder where the sheet of a split is."""
    folder = pathlib.Path(run_dir)
    return folder if split == "dev" else folder / f"mistakes-{split}"


def _write_page(path, run, facts, outcome, written, command):
    places = {row["id"]: i for i, row in enumerate(outcome.rows)}
    picture = outcome.picture and (lambda row: outcome.picture(places[row.id]))
    blocks = [
        page.Text(
            "What makes each of them hard? Write tags of your own into the "
            "column tags of mistakes.csv, with semicolons between "
            "(“blurry; wrong label”); one mistake may have several."
        ),
        page.Text("Then see what mending each kind could gain:"),
        page.Code(command),
        _TagTable(list(outcome.rows[0]), written, picture),
    ]
    page.write(path, f"Mistakes of {run.folder.path.name}", facts, blocks)


@dataclasses.dataclass(frozen=True)
class _TagTable:
    """A page block: examples with their pictures and room for tags.

    Attributes:
        columns: what is shown of each.
        rows: `tag_sheet.Row`s.
        picture: a function of a row that returns a PNG's bytes, or None.
    """

    columns: list
    rows: list
    picture: object

    def html(self):
        titles = [_TITLES.get(c, c) for c in self.columns] + ["tags"]
        head = "<th>picture</th>" * bool(self.picture) + "".join(
            f"<th>{markup.escape(title)}</th>" for title in titles
        )
        body = "".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        # A page to print has no box that scrolls.
        return (
            '<div class="scroll" style="max-height:none" tabindex="0" '
            'role="region" aria-label="Mistakes">'
            '<table class="stack" style="width:100%">'
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )

    def _cells(self, row):
        cells = ""
        if self.picture:
            image = markup.image(self.picture(row), f"Picture of {row.id}")
            cells = f'<td><div style="width:5rem">{image}</div></td>'
        for column in self.columns:
            # Paths may break anywhere, words may not.
            style = ' style="overflow-wrap:anywhere;min-width:7rem"'
            style *= column == "id"
            title = markup.escape(_TITLES.get(column, column))
            text = markup.escape(markup.answer(row.cells[column]))
            cells += f'<td data-title="{title}"{style}>{text}</td>'
        text = markup.escape(row.cells["tags"])
        style = "width:25%;min-width:9rem"
        return cells + f'<td data-title="tags" style="{style}">{text}</td>'
