"""What the report of every task on pictures shows."""

from kerasnotes.data.common import tag_sheet
from kerasnotes.plots import figures, images, page

_GALLERY, _AUGMENTED = 24, 8


def picture(split):
    """Return the function of an example's place that gives its PNG."""
    examples, indices = split.examples, split.indices
    return lambda i: images.thumbnail_png(examples.images[indices[i]])


def mistakes(outcome, folder, caption):
    """Write mistakes.csv, and return the blocks with the worst.

    Args:
        outcome: the `Outcome` of the dev set.
        folder: the run's folder.
        caption: a function of a row that returns lines of text.
    """
    wrong, count = outcome.mistakes(), len(outcome.rows)
    rows = [outcome.rows[i] for i in outcome.sample()]
    tag_sheet.write(folder / "mistakes.csv", rows, columns=outcome.rows[0])
    heading = page.Heading("Mistakes")
    if not wrong:
        return [
            heading,
            page.Text(f"None of the {count} dev examples is misread."),
        ]
    text = (
        f"{len(wrong)} of {count} dev examples are misread; the surest first. "
        "mistakes.csv lists them all, in random order, with a column to tag "
        "them; trainers.analyze says what the tags tell."
    )
    items = [
        (outcome.picture(i), [*caption(outcome.rows[i]), outcome.rows[i]["id"]])
        for i in wrong[:_GALLERY]
    ]
    return [heading, page.Text(text), page.Gallery(items)]


def shown(before_and_after, folder):
    """Write figures/augmentation.png, and return its blocks.

    Args:
        before_and_after: training pictures as they are and as the model
            meets them, two of float32 `[b, h, w, c]` 0–255.
        folder: the run's folder.
    """
    path = folder / "figures" / "augmentation.png"
    rows = [
        list(batch[:_AUGMENTED].round().astype("uint8"))
        for batch in before_and_after
    ]
    figures.save(images.grid([*rows[0], *rows[1]], columns=len(rows[0])), path)
    return [
        page.Heading("What the model is shown"),
        page.Picture(
            path,
            "Training pictures of the first batch: above as they are, below "
            "as --augment has the model meet them.",
            "Pictures of a training batch before and after augmentation",
        ),
    ]
