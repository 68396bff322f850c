"""The page of labels that are probably wrong, dev beside test."""

import collections
import dataclasses

from kerasnotes.plots import images, page

_PICTURES = 60
_HOW = (
    "In labels.csv, write into the column confirm: yes where the label is "
    "wrong and the suggested one right, a class's name where that one is "
    "right, no where the label is right. Look at dev and test alike: to "
    "correct one of them alone makes them differ."
)


def write(path, labelled, rows, places, counts, command):
    """Write the page.

    Args:
        path: the file.
        labelled: the `out_of_fold.Pool`.
        rows: the rows of labels.csv, dictionaries.
        places: the place of each in the pool.
        counts: for each side its name, its labels and how many look wrong.
        command: the command that reads the filled labels.csv.
    """
    items = collections.defaultdict(list)
    for row, place in zip(rows, places, strict=True):
        if len(items[row["side"]]) < _PICTURES:
            picture = labelled.examples.images[labelled.indices[place]]
            text = f"{row['suggested']}: {row['confidence']:.1%}"
            lines = [f"labelled {row['label']}", text, row["id"]]
            items[row["side"]].append((images.thumbnail_png(picture), lines))
    listed = collections.Counter(row["side"] for row in rows)
    table = [
        [side, size, count, f"{count / size:.1%}", listed[side]]
        for side, size, count in counts
    ]
    header = ["side", "labels", "look wrong", "share", "in labels.csv"]
    blocks = [
        page.Table(header, table, numeric=(1, 2, 3, 4)),
        page.Text(_HOW),
        page.Code(command),
        page.Heading("Dev and test"),
        _Beside(
            [(side, page.Gallery(items[side])) for side in ("dev", "test")]
        ),
    ]
    for side, _, _ in counts:
        if side not in ("dev", "test"):
            title = side.replace("_", "-").capitalize()
            blocks += [page.Heading(title), page.Gallery(items[side])]
    about = (
        "What models that never saw an example think of its label; the most "
        f"suspicious first, up to {_PICTURES} of each side."
    )
    page.write(path, "Labels that are probably wrong", about, blocks)


@dataclasses.dataclass(frozen=True)
class _Beside:
    """A page block: titled blocks side by side, one a row on a phone."""

    blocks: list

    def html(self):
        columns = "".join(
            f"<div><p><strong>{title}</strong></p>{block.html()}</div>"
            for title, block in self.blocks
        )
        width = "repeat(auto-fit, minmax(min(18rem, 100%), 1fr))"
        style = f"display: grid; gap: 2rem; grid-template-columns: {width}"
        return f'<div style="{style}">{columns}</div>'
