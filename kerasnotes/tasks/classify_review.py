"""What a classifier's report shows: mistakes, confusion, classes."""

from scipy.special import softmax
from sklearn.metrics import confusion_matrix

from kerasnotes import files, metrics
from kerasnotes.plots import confusion, figures, images, page
from kerasnotes.training import task as task_lib

_GALLERY, _AUGMENTED, _SKIPPED = 24, 24, 100


def judge(split, logits):
    """Returns the `Judgement` of a split.

    Args:
        split: the `ImageSplit`.
        logits: the model's scores of it, `[examples, classes]`.
    """
    names, labels = split.examples.class_names, split.labels
    scores = softmax(logits, axis=-1)
    given = scores.argmax(axis=-1)
    rows = [
        {
            "id": split.ids[i],
            "true": names[labels[i]],
            "given": names[given[i]],
            "confidence": round(float(scores[i, given[i]]), 4),
        }
        for i in range(split.size)
    ]

    def picture(i):
        return images.thumbnail_png(split.examples.images[split.indices[i]])

    return task_lib.Judgement(given != labels, rows, picture)


def review(split, logits, augmented, folder):
    """Writes mistakes.csv, figures/confusion.png and augmentation.png.

    Args:
        split: the dev `ImageSplit`.
        logits: the model's scores of it, `[examples, classes]`.
        augmented: a batch of training pictures as the model meets them.
        folder: the run's folder.

    Returns:
        Blocks for the report: mistakes, confusion, classes, augmentation,
        and what was skipped.
    """
    names = split.examples.class_names
    labels = split.labels
    scores = softmax(logits, axis=-1)
    matrix = confusion_matrix(
        labels, scores.argmax(-1), labels=range(len(names))
    )
    pictures = folder / "figures"
    figures.save(confusion.confusion(matrix, names), pictures / "confusion.png")
    shown = augmented[:_AUGMENTED].round().astype("uint8")
    figures.save(images.grid(list(shown)), pictures / "augmentation.png")
    judged = judge(split, logits)
    wrong = judged.mistakes()
    files.write_csv(
        folder / "mistakes.csv",
        [judged.rows[i] for i in wrong],
        ["id", "true", "given", "confidence", "tags", "comment"],
    )
    return [
        page.Heading("Mistakes"),
        *_worst(judged, wrong),
        page.Heading("Confusion on dev"),
        page.Picture(
            pictures / "confusion.png",
            "Rows are the true classes, columns the given ones.",
            "Confusion matrix of the dev set",
            chart=True,
        ),
        _classes(matrix, names),
        page.Heading("What the model is shown"),
        page.Picture(
            pictures / "augmentation.png",
            "Training pictures of the first batch, augmented.",
            "Pictures of a training batch",
        ),
        *_skipped(split.examples.skipped),
    ]


def _worst(judged, wrong):
    if not wrong:
        text = f"None of the {len(judged.rows)} dev examples is misread."
        return [page.Text(text)]
    text = (
        f"{len(wrong)} of {len(judged.rows)} dev examples are misread; the "
        "surest first. mistakes.csv lists them all, with columns to tag "
        "them."
    )
    items = [_item(judged, i) for i in wrong[:_GALLERY]]
    return [page.Text(text), page.Gallery(items)]


def _classes(matrix, names):
    report = metrics.classification_report(matrix)
    return page.Table(
        ["class", "precision", "recall", "F1", "examples"],
        [
            [
                name,
                row["precision"],
                row["recall"],
                row["f1"],
                int(row["support"]),
            ]
            for name, row in zip(names, report["classes"], strict=True)
        ],
        "Each class of the dev set.",
    )


def _skipped(skipped):
    if not skipped:
        return []
    rows = [list(pair) for pair in skipped[:_SKIPPED]]
    return [
        page.Heading("Files left out"),
        page.Table(
            ["file", "why"],
            rows,
            f"{len(skipped)} files; the first {len(rows)}.",
        ),
    ]


def _item(judged, i):
    row = judged.rows[i]
    return (
        judged.picture(i),
        [
            f"{row['true']} read as {row['given']}",
            f"{row['confidence']:.1%} sure",
            row["id"],
        ],
    )
