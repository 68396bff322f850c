"""What a classifier's report shows: mistakes, confusion, classes."""

from scipy.special import softmax
from sklearn.metrics import confusion_matrix

from kerasnotes import metrics
from kerasnotes.plots import confusion, figures, page
from kerasnotes.tasks.pictures import review as picture_review
from kerasnotes.training import records


def outcome(answers, decision):
    """Return the `Outcome` of a split.

    Args:
        answers: the `Answers`, outputs the logits `[examples, classes]`.
        decision: the `decision.Decision`.
    """
    split, labels = answers.split, answers.targets
    names = split.examples.class_names
    scores = softmax(answers.outputs / decision.temperature, axis=-1)
    predicted = decision.labels(answers.outputs)
    rows = [
        {
            "id": split.ids[i],
            "true": names[labels[i]],
            "given": names[predicted[i]],
            "confidence": round(float(scores[i, predicted[i]]), 4),
        }
        for i in range(split.size)
    ]
    return records.Outcome(
        predicted != labels, rows, picture_review.picture(split)
    )


def review(outcome, names, folder):
    """Write mistakes.csv and figures/confusion.png.

    Args:
        outcome: the `Outcome` of dev.
        names: the classes.
        folder: the run's folder.

    Returns:
        Blocks for the report: mistakes, confusion, classes.
    """
    true, answers = (
        [row[k] for row in outcome.rows] for k in ("true", "given")
    )
    matrix = confusion_matrix(true, answers, labels=names)
    path = folder / "figures" / "confusion.png"
    figures.save(confusion.confusion(matrix, names), path)
    return [
        *picture_review.mistakes(outcome, folder, _caption),
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
