"""What a detector's report shows: curves, causes, the three stages."""

import collections

import numpy as np

from kerasnotes.diagnosis import detection_errors
from kerasnotes.metrics import precision_recall
from kerasnotes.plots import boxes as boxes_plot
from kerasnotes.plots import confusion, figures, page
from kerasnotes.plots import precision_recall as curves_plot
from kerasnotes.tasks.detect import answers as answers_lib
from kerasnotes.tasks.pictures import review as picture_review
from kerasnotes.training import records

_CLASSES, _STAGES = 9, 4
_CAUSES = {
    "class": "the place is right, the class another",
    "place": "the class is right, the IoU from 0.1 to 0.5",
    "both": "another class, and an IoU from 0.1 to 0.5",
    "duplicate": "a better box has the object already",
    "background": "there is nothing",
    "missed": "an object that no box points at",
}

# As a picture's caption has them.
_SHORT = {
    "class": "wrong class",
    "place": "wrong place",
    "both": "wrong class and place",
    "duplicate": "answered twice",
    "background": "nothing there",
    "missed": "not found",
}


def outcome(answers, threshold, names):
    """Return the `Outcome` of a split: of each picture what has no match.

    Args:
        answers: the `answers.Answers`.
        threshold: above which a box is answered.
        names: of the classes.
    """
    counts = answers.counts(threshold)
    causes = _causes(answers, threshold)
    rows = []
    for i, (picture, boxes) in enumerate(
        zip(answers.truth, answers.outputs, strict=True)
    ):
        shown = boxes[(boxes[:, 4] > threshold) & (boxes[:, 5] >= 0)]
        rows.append(
            {
                "id": answers.split.ids[i],
                "true": _listed(picture["labels"], names),
                "given": _listed(shown[:, 5], names),
                "objects": int(counts["objects"][i]),
                "right": int(counts["right"][i]),
                "wrong": int(counts["wrong"][i]),
                "causes": ", ".join(
                    f"{_SHORT[cause]} {n}"
                    for cause, n in sorted(causes[i].items())
                ),
            }
        )
    return records.Outcome(
        answers_lib.errors(counts), rows, _picture(answers, threshold)
    )


def _causes(answers, threshold):
    """Return the causes of each picture's errors, with their numbers."""
    causes = [collections.Counter() for _ in answers.truth]
    for picture, cause in zip(*answers.causes(threshold), strict=True):
        causes[picture][cause] += 1
    counts = answers.counts(threshold)
    for i, missed in enumerate(counts["objects"] - counts["right"]):
        if missed:
            causes[i]["missed"] = int(missed)
    return causes


def _listed(labels, names):
    """Return the classes of boxes with their numbers.

    >>> _listed(np.array([1, 0, 1]), ["cat", "dog"]), _listed([], ["cat"])
    ('1 cat, 2 dog', 'nothing')
    """
    counts = collections.Counter(int(label) for label in labels)
    texts = [f"{n} {names[label]}" for label, n in sorted(counts.items())]
    return ", ".join(texts) or "nothing"


def _picture(answers, threshold):
    """Return the function of an example's place that gives its PNG."""
    examples, indices = answers.split.examples, answers.split.indices

    def picture(i):
        boxes = answers.outputs[i]
        shown = (boxes[:, 4] > threshold) & (boxes[:, 5] >= 0)
        return boxes_plot.thumbnail_png(
            examples.images[indices[i]],
            answers.truth[i]["boxes"],
            boxes[shown, :4],
        )

    return picture


def review(outcome, answers, threshold, names, folder):
    """Write mistakes.csv and figures; return blocks for the report.

    Args:
        outcome: the `Outcome` of dev.
        answers: the `answers.Answers` to dev.
        threshold: above which a box is answered.
        names: of the classes.
        folder: the run's folder.
    """
    return [
        *picture_review.mistakes(outcome, folder, _caption),
        page.Text(
            "Green is what is annotated, red what is answered. A picture's "
            "error is the share of its objects and answered boxes that have "
            "no match: 1 less its F1."
        ),
        *_curves(answers, threshold, names, folder),
        *_confusion(answers, threshold, names, folder),
        *_lost(answers),
        *_per_class(answers, names),
        *_speed(answers),
    ]


def _caption(row):
    return [
        f"{row['right']} of {row['objects']} found, {row['wrong']} wrong",
        row["causes"],
    ]


def _curves(answers, threshold, names, folder):
    """Return the block of precision against recall."""
    if not answers.curve.objects:
        return []
    order = np.argsort(
        [-c["objects"] for c in answers.report["per_class"]], kind="stable"
    )
    by_name = {"all": answers.curve}
    if len(names) > 1:
        by_name |= {
            names[i]: precision_recall(answers.matches, i)
            for i in order[:_CLASSES]
        }
    counts = answers.counts(threshold)
    right, wrong, objects = (
        int(counts[k].sum()) for k in ("right", "wrong", "objects")
    )
    marked = (right / objects, right / max(right + wrong, 1))
    path = folder / "figures" / "precision_recall.png"
    figures.save(
        curves_plot.precision_recall(
            {n: (c.recall, c.precision) for n, c in by_name.items()}, marked
        ),
        path,
    )
    best = answers.curve.best()
    text = "" if best is None else (
        f" F1 would be best, {best['f1']:.3f}, at {best['threshold']:.3f}."
    )  # fmt: skip
    return [
        page.Heading("Precision and recall"),
        page.Picture(
            path,
            "Of dev, at an IoU of 0.5, as the threshold falls. The dot is "
            f"the threshold used, {threshold:.3f}: precision "
            f"{marked[1]:.3f}, recall {marked[0]:.3f}.{text}",
            "Precision against recall on dev, a line for each class",
            chart=True,
        ),
    ]


def _confusion(answers, threshold, names, folder):
    """Return the block of the confusion matrix with background."""
    table = detection_errors.confusion(answers.matches, threshold)
    path = folder / "figures" / "confusion.png"
    figures.save(confusion.confusion(table, [*names, "background"]), path)
    return [
        page.Heading("Confusion with background"),
        page.Picture(
            path,
            "Rows are the truth, columns the answers above the threshold. "
            "The last row is background answered as something, the last "
            "column objects that weren't found.",
            "Confusion matrix of dev with background",
            chart=True,
        ),
    ]


def _speed(answers):
    rate = answers.split.size / max(answers.seconds, 1e-9)
    return [
        page.Text(
            f"The network and non-max suppression answered {rate:,.0f} "
            "pictures of dev a second, at the model's size, decoding apart."
        )
    ]


def _lost(answers):
    """Return the block on what AP50 is lost to."""
    lost = detection_errors.lost_precision(answers.matches)
    if lost["ap"] is None:
        return []
    rows = [
        [cause, text, f"{lost[cause]:.3f}"] for cause, text in _CAUSES.items()
    ]
    return [
        page.Heading("What average precision is lost to"),
        page.Table(
            ["cause", "what it is", "AP50 to gain"],
            rows,
            f"By how much AP50 of dev, {lost['ap']:.3f}, would rise were this "
            "cause alone cured; they don't add up.",
            numeric=(2,),
        ),
    ]


def _per_class(answers, names):
    """Return the table of classes."""
    report = answers.report["per_class"]
    keys = ("objects", "ap50", "ap", "ar")
    return [
        page.Heading("By class"),
        page.Table(
            ["class", "objects", "AP50", "AP", "AR"],
            [
                [name, *(_cell(row[key]) for key in keys)]
                for name, row in zip(names, report, strict=True)
            ],
            "Of dev, as pycocotools computes them; AP is the mean over IoUs "
            "from 0.5 to 0.95.",
            numeric=(1, 2, 3, 4),
        ),
    ]


def _cell(value):
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def stages(answers, raw, threshold, names, folder):
    """Write figures/stages.png: all boxes, thresholded, suppressed.

    Args:
        answers: the `answers.Answers` to dev.
        raw: a function of a split that returns boxes `[b, m, 4]` and
            scores `[b, m, classes]` of all places of its pictures.
        threshold: above which a box is answered.
        names: of the classes.
        folder: the run's folder.

    Returns:
        Blocks for the report.
    """
    split = answers.split
    few = split.take(min(split.size, _STAGES))
    places = few.indices
    where = [int(np.flatnonzero(split.indices == p)[0]) for p in places]
    pictures = np.stack([split.examples.images[p] for p in places])
    boxes, scores = raw(few)
    low = min(threshold / 10, 0.05)
    rows = []
    for bound in (low, threshold):
        for b, s in zip(boxes, scores, strict=True):
            best = s.max(axis=1)
            label = s.argmax(axis=1)
            shown = np.flatnonzero(best > bound)
            rows.append([(b[i], names[label[i]]) for i in shown])
    for i in where:
        y = answers.outputs[i]
        y = y[(y[:, 4] > threshold) & (y[:, 5] >= 0)]
        rows.append([(box[:4], names[int(box[5])]) for box in y])
    # A name at each of hundreds of boxes would hide them.
    count = len(where)
    rows[:count] = [[(box, "") for box, _ in row] for row in rows[:count]]
    path = folder / "figures" / "stages.png"
    figure = boxes_plot.boxes([*pictures] * 3, rows, columns=count, side=2.0)
    figures.save(figure, path)
    parts = (rows[i * count : (i + 1) * count] for i in range(3))
    numbers = [sum(map(len, part)) for part in parts]
    return [
        page.Heading("From all boxes to the answer"),
        page.Picture(
            path,
            f"Above, the boxes of dev pictures that score over {low:.3g} "
            f"({numbers[0]:,}); then those over the threshold "
            f"{threshold:.3g} ({numbers[1]:,}); below, what non-max "
            f"suppression leaves ({numbers[2]:,}).",
            "All boxes, thresholded boxes, boxes after suppression",
        ),
    ]
