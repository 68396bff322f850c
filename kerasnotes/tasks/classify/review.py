"""What a classifier's report shows: mistakes, confusion, classes."""

import numpy as np
from scipy.special import softmax
from sklearn.metrics import confusion_matrix

from kerasnotes import metrics
from kerasnotes.metrics import classification
from kerasnotes.plots import confusion, figures, page
from kerasnotes.tasks.pictures import review as picture_review
from kerasnotes.training import task as task_lib


def judge(split, logits, threshold=None, temperature=1.0):
    """Returns the `Judgement` of a split.

    Args:
        split: the `ImageSplit`.
        logits: the model's scores of it, `[examples, classes]`.
        threshold: see `metrics.classification.decide`.
        temperature: what confidences are served with.
    """
    names, labels = split.examples.class_names, split.labels
    scores = softmax(logits / temperature, axis=-1)
    given = np.asarray(classification.decide(logits, threshold))
    rows = [
        {
            "id": split.ids[i],
            "true": names[labels[i]],
            "given": names[given[i]],
            "confidence": round(float(scores[i, given[i]]), 4),
        }
        for i in range(split.size)
    ]
    return task_lib.Judgement(
        given != labels, rows, picture_review.picture(split)
    )


def review(judged, names, folder):
    """Writes mistakes.csv and figures/confusion.png.

    Args:
        judged: the `Judgement` of dev.
        names: the classes.
        folder: the run's folder.

    Returns:
        Blocks for the report: mistakes, confusion, classes.
    """
    true, given = ([row[k] for row in judged.rows] for k in ("true", "given"))
    matrix = confusion_matrix(true, given, labels=names)
    path = folder / "figures" / "confusion.png"
    figures.save(confusion.confusion(matrix, names), path)
    return [
        *picture_review.mistakes(judged, folder, _caption),
        page.Heading("Confusion on dev"),
        page.Picture(
            path,
            "Rows are the true classes, columns the given ones.",
            "Confusion matrix of the dev set",
            chart=True,
        ),
        _classes(matrix, names),
    ]


def _caption(row):
    return [
        f"{row['true']} read as {row['given']}",
        f"{row['confidence']:.1%} sure",
    ]


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
