"""What a segmenter's report shows: overlays, error maps, classes."""

import numpy as np

from kerasnotes.data.common import tag_sheet
from kerasnotes.plots import confusion, figures, masks, page
from kerasnotes.training import records

_SHOWN, _AUGMENTED, _WORST = 8, 4, 12


def outcome(answers, tally, masks_answered, facts):
    """Return the `Outcome` of a split: of each picture 1 less its IoU.

    Args:
        answers: the `answers.Answers`.
        tally: their `answers.Tally`.
        masks_answered: the answered classes, `[n, h, w]`.
        facts: the task's.
    """
    names, iou = facts["classes"], tally.iou
    rows = []
    for i, error in enumerate(tally.errors):
        counted = max(int(tally.true[i].sum()), 1)
        rows.append(
            {
                "id": answers.split.ids[i],
                "true": _listed(tally.true[i], names),
                "given": _listed(tally.answered[i], names),
                "iou": round(1 - float(error), 4),
                "wrong_pixels": counted - int(tally.both[i].sum()),
                "of_pixels": counted,
                "worst_class": _worst(iou[i], names),
            }
        )
    pictures = _pictures(answers, masks_answered, facts)
    return records.Outcome(tally.errors, rows, pictures)


def _listed(pixels, names):
    """Return the classes with their shares of the pixels.

    >>> _listed(np.array([3, 0, 1]), ["sky", "sea", "land"])
    'sky 75 %, land 25 %'
    """
    total = max(pixels.sum(), 1)
    return ", ".join(
        f"{name} {100 * count / total:.2g} %"
        for name, count in zip(names, pixels, strict=True)
        if count
    )


def _worst(iou, names):
    """Return the class with the least IoU of a picture, and that."""
    if not np.isfinite(iou).any():
        return ""
    i = int(np.nanargmin(iou))
    return f"{names[i]} {iou[i]:.2f}"


def _pictures(answers, masks_answered, facts):
    """Return the function of an example's place that gives its PNG."""
    examples, indices = answers.split.examples, answers.split.indices
    palette = masks.colours(len(facts["classes"]), facts.get("colours"))

    def picture(i):
        shown, truth = examples.images[indices[i]], answers.truth[i]
        return masks.square_png(
            [
                shown + np.zeros([1, 1, 3], np.uint8),
                masks.overlay(shown, truth, palette),
                masks.overlay(shown, masks_answered[i], palette),
                masks.differences(shown, truth, masks_answered[i]),
            ]
        )

    return picture


def draw_training_set(split, facts, folder):
    """Write figures/masks.png: training pictures with their masks.

    Args:
        split: a `MaskSplit`.
        facts: the task's.
        folder: the run's folder.

    Returns:
        The file's path.
    """
    sample = split.take(min(split.size, _SHOWN))
    x, y = sample.pictures(np.arange(sample.size))
    path = folder / "figures" / "masks.png"
    figures.save(_grid(x.numpy(), y.numpy(), facts), path)
    return path


def _grid(pictures, labels, facts, columns=4):
    names = facts["classes"]
    palette = masks.colours(len(names), facts.get("colours"))
    pictures = list(pictures.round().astype("uint8"))
    return masks.grid(pictures, labels, names, palette, columns)


def training_set(split, facts, folder):
    """Write figures/masks.png, and return its blocks."""
    return [
        page.Heading("What is annotated"),
        page.Picture(
            draw_training_set(split, facts, folder),
            "Training pictures, each as it is and with the classes to learn. "
            "The first class is not coloured; what is hatched doesn't count.",
            "Training pictures with their masks",
        ),
    ]


def shown(split, batch_size, seed, facts, folder):
    """Write figures/augmentation.png, and return its blocks.

    Args:
        split: the `MaskSplit` of the training set.
        batch_size: examples in a batch.
        seed: the run's.
        facts: the task's.
        folder: the run's folder.
    """
    _, (x, y) = split.first_batch(batch_size, seed)
    count = min(2 * _AUGMENTED, len(x))
    path = folder / "figures" / "augmentation.png"
    ignored = float(np.mean(y < 0))
    around = [
        (side // 2, side - side // 2)
        for side in np.subtract(x.shape[1:3], y.shape[1:3]).tolist()
    ]
    more = ""
    if np.any(around):
        more = "; what the network sees around those that it answers is hatched"
    y = np.pad(y, [(0, 0), *around], constant_values=-1)
    figures.save(_grid(x[:count], y[:count], facts), path)
    return [
        page.Heading("What the model is shown"),
        page.Picture(
            path,
            "The first training batch as the model meets it, each picture "
            f"with its mask; {ignored:.1%} of its pixels don't count{more}.",
            "Pictures and masks of a training batch",
        ),
    ]


def review(outcome, answers, tally, outlines, things, facts, folder):
    """Write mistakes.csv and figures/confusion.png.

    Args:
        outcome: the `Outcome` of dev.
        answers: the `answers.Answers` to dev.
        tally: their `answers.Tally`.
        outlines: what `answers.borders` says.
        things: the `things.Things`.
        facts: the task's.
        folder: the run's folder.

    Returns:
        Blocks for the report.
    """
    rows = [outcome.rows[i] for i in outcome.sample()]
    tag_sheet.write(folder / "mistakes.csv", rows, columns=outcome.rows[0])
    return [
        *_worst_pictures(outcome),
        *_per_class(answers, tally, outlines, facts),
        *single_things(things),
        *_confusion(tally, facts, folder),
    ]


def _worst_pictures(outcome):
    order = np.argsort(-outcome.errors, kind="stable")
    items = []
    for i in map(int, order[:_WORST]):
        row = outcome.rows[i]
        lines = [
            f"IoU {row['iou']:.3f}, worst: {row['worst_class']}",
            f"{row['wrong_pixels']:,} of {row['of_pixels']:,} pixels wrong",
            row["id"],
        ]
        items.append((outcome.picture(i), lines))
    return [
        page.Heading("The worst pictures"),
        page.Text(
            "Of dev: the picture and its true mask, below them the answer and "
            "where it differs. Of two classes, green is what was missed and "
            "red what was answered beyond. mistakes.csv lists all that aren't "
            "perfect, in random order, with a column to tag them."
        ),
        page.Gallery(items, large=True),
    ]


def _per_class(answers, tally, outlines, facts):
    """Return the table of classes."""
    pooled, total = tally.pooled(), max(int(tally.true.sum()), 1)
    in_pictures = (tally.true > 0).sum(0)
    rows = []
    for i, name in enumerate(facts["classes"]):
        cells = [pooled[k][i] for k in ("iou", "dice", "precision", "recall")]
        cells = [None if np.isnan(cell) else cell for cell in cells]
        cells.append(outlines["classes"][i]["f1"])
        cells = ["" if cell is None else f"{cell:.3f}" for cell in cells]
        share = f"{tally.true[:, i].sum() / total:.2%}"
        rows.append([name, *cells, share, int(in_pictures[i])])
    return [
        page.Heading("By class"),
        page.Table(
            ["class", "IoU", "Dice", "precision", "recall", "boundary F1",
             "of all pixels", "pictures"],
            rows,
            f"Of the {answers.split.size} pictures of dev, pixels of all "
            "pictures together; boundary F1 is of the outlines, up to 0.75 % "
            "of a picture's diagonal away. A class that is in no picture and "
            "in no answer has no rate.",
            numeric=(1, 2, 3, 4, 5, 6, 7),
        ),
    ]  # fmt: skip


def single_things(things):
    """Return the table of things, and why classes aren't in it."""
    rule = (
        "A thing is a region of pixels of one class that are joined above, "
        f"below, left or right, of {things.min_area} pixels or more; two that "
        "touch are one. Answered ones rank by their mean probability; AP is "
        "COCO's, of masks."
    )
    reasons = "; ".join(f"{n}: {why}" for n, why in things.left_out.items())
    reasons = reasons and f"Not judged by single things: {reasons}."
    rows = things.rows()
    if not rows:
        return [page.Text(reasons)] if reasons else []
    names = ("ap", "ap50", "ap75")
    table = [
        [name, *(f"{row[k]:.3f}" for k in names), row["objects"]]
        for name, row in rows.items()
    ]
    report = things.report
    return [
        page.Heading("Single things"),
        page.Table(
            ["class", "AP", "AP at IoU 0.5", "at 0.75", "things"],
            table,
            f"Of {things.pictures} pictures of dev. {rule}",
            numeric=(1, 2, 3, 4),
        ),
        page.Text(
            f"Of {report['objects']} things {_count(report['recall50'])} are "
            f"answered at an IoU of 0.5 or more, and of {report['answered']} "
            f"answers {_count(report['precision50'])} are right. {reasons}"
        ),
    ]


def _count(share):
    return "none" if share is None else f"{share:.1%}"


def _confusion(tally, facts, folder):
    path = folder / "figures" / "confusion.png"
    figures.save(confusion.confusion(tally.confusion, facts["classes"]), path)
    return [
        page.Heading("Confusion"),
        page.Picture(
            path,
            "Pixels of dev: rows are the true classes, columns the answers.",
            "Confusion matrix of the pixels of dev",
            chart=True,
        ),
    ]
