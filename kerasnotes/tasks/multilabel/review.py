"""What the report of several labels shows: mistakes, and each label."""

import numpy as np
from scipy.special import expit

from kerasnotes import metrics
from kerasnotes.diagnosis import selection
from kerasnotes.diagnosis import thresholds as thresholds_lib
from kerasnotes.plots import page, skipped
from kerasnotes.tasks.pictures import review as picture_review
from kerasnotes.training import records


def joined(names):
    """Return labels as one text, empty where there are none.

    >>> joined(["red", "round"]), joined([])
    ('red;round', '')
    """
    return ";".join(names)


def wrong(labels, logits, thresholds):
    """Return which known labels are answered wrongly, `[n, L]`.

    Args:
        labels: 1 yes, 0 no, -1 unknown, `[n, L]`.
        logits: the model's scores, `[n, L]`.
        thresholds: probabilities, `[L]`.

    >>> wrong(np.array([[1, -1]]), np.array([[-2.0, 3.0]]), [0.5, 0.5])
    array([[ True, False]])
    """
    return (labels >= 0) & ((expit(logits) >= thresholds) != labels)


def outcome(answers, thresholds):
    """Return the `Outcome` of a split: 1 where a known label is wrong.

    Its rows name the labels that are there and those given; `wrong` the
    known ones that differ; `true` has a question mark behind those unknown.
    The confidence is that of the surest wrong label, or of the least sure
    known one where none is wrong.

    Args:
        answers: the `Answers`, outputs the logits `[n, L]`.
        thresholds: probabilities, `[L]`.
    """
    split, labels = answers.split, answers.targets
    logits, names = answers.outputs, np.array(split.examples.class_names)
    chances = expit(logits)
    predicted = chances >= thresholds
    missed = wrong(labels, logits, thresholds)
    sure = np.where(predicted, chances, 1 - chances)
    errors = missed.any(axis=1)
    confidence = np.where(
        errors,
        np.where(missed, sure, 0).max(axis=1),
        np.where(labels >= 0, sure, 1).min(axis=1),
    )

    def row(i):
        unknown = labels[i] < 0
        marked = np.where(unknown, np.char.add(names, "?"), names)
        return {
            "id": split.ids[i],
            "true": joined(marked[(labels[i] > 0) | unknown]),
            "given": joined(names[predicted[i]]),
            "wrong": joined(names[missed[i]]),
            "confidence": round(float(confidence[i]), 4),
        }

    rows = [row(i) for i in range(split.size)]
    return records.Outcome(errors, rows, picture_review.picture(split))


def counted(answers, thresholds):
    """Return the `MultilabelMetrics` that has counted the answers."""
    metric = metrics.MultilabelMetrics(answers.outputs.shape[1], thresholds)
    metric.update_state(answers.targets, answers.outputs)
    return metric


def review(splits, answers, thresholds, augmented, folder):
    """Write mistakes.csv and figures/augmentation.png.

    Args:
        splits: dictionary of `ImageSplit`s, with train and dev.
        answers: the `Answers` to dev.
        thresholds: probabilities, `[L]`.
        augmented: see `picture_review.shown`.
        folder: the run's folder.

    Returns:
        Blocks for the report: mistakes, labels, augmentation, and what was
        skipped.
    """
    dev = splits["dev"]
    return [
        *picture_review.mistakes(
            outcome(answers, thresholds), folder, _caption
        ),
        page.Heading("Labels on dev"),
        _labels(splits, answers, thresholds),
        page.Text(
            "The loss divides by all labels, known or not: where fewer are "
            "known it is smaller. Compare train and dev by their error."
        ),
        *picture_review.shown(augmented, folder),
        *skipped.blocks(dev.examples.skipped),
    ]


def _caption(row):
    wrong, answers = (row[key].split(";") for key in ("wrong", "given"))
    missed = [name for name in wrong if name not in answers]
    false = [name for name in wrong if name in answers]
    lines = [("missed", missed), ("not there", false)]
    return [
        *(f"{what}: {', '.join(names)}" for what, names in lines if names),
        f"{row['confidence']:.1%} sure",
    ]


def _labels(splits, answers, thresholds):
    dev, metric = splits["dev"], counted(answers, thresholds)
    unknown = (splits["train"].labels < 0).mean(axis=0)
    header = {
        "error": "error",
        "precision": "precision",
        "recall": "recall",
        "f1": "F1",
        "known": "known",
        "yes": "of these yes",
    }
    return page.Table(
        ["label", *header.values(), "threshold", "unknown in train"],
        [
            [name, *(row[key] for key in header), threshold, f"{share:.1%}"]
            for name, row, threshold, share in zip(
                dev.examples.class_names,
                metrics.multilabel_report(metric.counts),
                thresholds,
                unknown,
                strict=True,
            )
        ],
        "Each label over the dev examples where it is known.",
        numeric=tuple(range(1, len(header) + 3)),
    )


def best_thresholds(labels, logits, metric):
    """Return the probability from which on each label is best given.

    Args:
        labels: 1, 0 or -1 where it isn't known, `[n, L]`.
        logits: the model's scores, `[n, L]`.
        metric: the metric of a label that the threshold is best for.
    """
    objective, most = selection.Selection(metric), thresholds_lib.EXTREME
    thresholds_by_class = []
    for truth, scores in zip(labels.T, logits.T, strict=True):
        known = truth >= 0
        best = 0.0
        # Where no example has it, no threshold is better than another.
        if (truth > 0).any():
            scores = np.clip(scores[known], -most, most)
            best = thresholds_lib.best(scores, truth[known], objective).value
        thresholds_by_class.append(float(expit(best)))
    return thresholds_by_class
