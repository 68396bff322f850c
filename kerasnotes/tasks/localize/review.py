"""What is said of answers about one object: scores, mistakes, report."""

import keras
import numpy as np
import sklearn.metrics
from scipy.special import expit, softmax

from kerasnotes import metrics, ops
from kerasnotes.data.pictures import frames
from kerasnotes.diagnosis import selection, thresholds
from kerasnotes.metrics import one_object
from kerasnotes.plots import boxes as boxes_plot
from kerasnotes.plots import figures, page, success
from kerasnotes.tasks.boxes import serving
from kerasnotes.tasks.pictures import review as picture_review
from kerasnotes.training import records

_ALPHAS = (0.05, 0.1, 0.2)


def judged(answers, classes, threshold, match_iou):
    """Return `metrics.one_object.judge` of the answers, as NumPy's arrays."""
    values = one_object.judge(
        *(answers.targets, answers.outputs, classes, threshold, match_iou)
    )
    return {k: keras.ops.convert_to_numpy(v) for k, v in values.items()}


def best_threshold(answers, classes, match_iou):
    """Return the probability from which on the fewest pictures are wrong.

    A picture whose object has another class or place than the answer is
    wrong at any threshold, and says nothing.

    Args:
        answers: the `Answers` to dev.
        classes: the number of classes, or 0.
        match_iou: the least IoU of a right answer.
    """
    at_half = judged(answers, classes, 0.5, match_iou)
    present = at_half["present"]
    well = at_half["class_right"] & (at_half["iou"] >= match_iou)
    rows = ~present | well
    if not present[rows].any() or present[rows].all():
        # Nothing is gained by another.
        return 0.5
    most = thresholds.EXTREME
    scores = np.clip(answers.outputs[rows, 0].astype(float), -most, most)
    chooser = selection.Selection("accuracy")
    best = thresholds.best(scores, present[rows].astype(int), chooser)
    return float(np.clip(expit(best.value), 1e-12, 1 - 1e-12))


def number_of_classes(facts):
    """Return the number of classes; 0 where there is one kind of object."""
    count = len(facts["classes"])
    return count if count > 1 else 0


class Places:
    """Boxes and landmarks of answers and truth, in pixels of the pictures.

    Attributes:
        boxes: true boxes and answered ones, a pair of `[n, 4]`.
        points: true landmarks and answered ones, a pair of `[n, K, 2]`.
        visible: whether a landmark counts, `[n, K]`.
    """

    def __init__(self, answers, facts, resize):
        """Read them.

        Args:
            answers: the `Answers`.
            facts: the task's.
            resize: how the pictures came to the model's size.
        """
        split, shape = answers.split, facts["input_shape"]
        classes = number_of_classes(facts)
        shapes = split.examples.sizes[split.indices]
        arguments = (shapes, tuple(shape[:2]), resize)
        parts = []
        for y in (answers.targets, answers.outputs):
            part = ops.notes_answer(y, classes, image_shape=shape)
            boxes, points = part["boxes"][:, None], part["landmarks"][:, None]
            # Cut to the pictures, as they are served.
            boxes = serving.boxes_in_photo(boxes, *arguments)[:, 0].numpy()
            points = frames.original_points(points, *arguments)[:, 0].numpy()
            parts.append((boxes, points))
        self.boxes, self.points = zip(*parts, strict=True)
        present = answers.targets[:, 0] > 0.5
        self.visible = present[:, None] & ~np.isnan(self.points[0]).any(-1)


def score(scores, answers, facts, resize):
    """Return what `LocalizationMetrics` says, and what whole splits say.

    Args:
        scores: the former.
        answers: the `Answers`.
        facts: the task's.
        resize: see `Places`.

    Returns:
        A dictionary with `auc`, the area under the ROC curve of p_c, where
        there are pictures with an object and without, and what
        `metrics.box_report` and `landmark_report` say, landmarks as shares of
        the box's diagonal.
    """
    present = answers.targets[:, 0] > 0.5
    places = Places(answers, facts, resize)
    report = metrics.box_report(*places.boxes, present)
    objects = report.pop("objects")
    without = report.pop("without")
    if not objects:
        # Means of nothing would be zeros.
        names = ("iou", "class_accuracy", "landmark_error")
        scores = {k: v for k, v in scores.items() if k not in names}
    else:
        scores = scores | report
    if objects and without:
        p = np.nan_to_num(answers.outputs[:, 0])
        scores["auc"] = float(sklearn.metrics.roc_auc_score(present, p))
    if places.visible.any():
        landmarks = metrics.landmark_report(
            *places.points,
            places.visible,
            boxes=places.boxes[0],
            alphas=_ALPHAS,
        )
        names = facts["points"]
        scores |= {
            "nme": landmarks["nme"],
            "pck": {f"{a:g}": v for a, v in landmarks["pck"].items()},
            "landmarks": dict(zip(names, landmarks["per_point"], strict=True)),
        }
    return scores | {"objects": objects, "without": without}


def outcome(answers, judged, facts, resize):
    """Return the `Outcome` of a split: 1 where the answer is wrong.

    Args:
        answers: the `Answers`.
        judged: see `judged`.
        facts: the task's.
        resize: see `Places`.
    """
    split, names = answers.split, facts["classes"]
    places = Places(answers, facts, resize)
    presence, chances = _chances(answers.outputs, len(names))
    labels = [
        _labels(y, len(names)) for y in (answers.targets, answers.outputs)
    ]
    no_object = _no_object(names)
    rows = []
    for i, (present, said) in enumerate(
        zip(judged["present"], judged["answered"], strict=True)
    ):
        chance = chances[i] if said else 1 - presence[i]
        rows.append(
            {
                "id": split.ids[i],
                "true": names[labels[0][i]] if present else no_object,
                "given": names[labels[1][i]] if said else no_object,
                "iou": _rounded(judged["iou"][i], 3) if present else "",
                "confidence": round(float(chance), 4),
                "box": _text(places.boxes[0][i]) if present else "",
                "given_box": _text(places.boxes[1][i]) if said else "",
            }
        )
    return records.Outcome(
        (~judged["right"]).astype(int), rows, _pictures(answers, judged, facts)
    )


def _no_object(names):
    """Return a word for no object that is no class."""
    words = ("none", "no object", "(no object)", "(none)")
    return next((word for word in words if word not in names), "")


def _chances(outputs, classes):
    """Return the probabilities of an object, and of one of the class given."""
    outputs = outputs.astype(float)
    presence = expit(outputs[:, 0])
    if classes == 1:
        return presence, presence
    of_class = softmax(outputs[:, 5 : 5 + classes], axis=1).max(axis=1)
    return presence, presence * of_class


def _labels(y, classes):
    if classes == 1:
        return np.zeros(len(y), int)
    return np.argmax(y[:, 5 : 5 + classes], axis=1)


def _rounded(value, places):
    return round(float(value), places)


def _text(box):
    """Return a box as left, top, right, bottom."""
    return " ".join(f"{side:.1f}" for side in box)


def _pictures(answers, judged, facts):
    """Return the function of an example's place that gives its PNG."""
    examples, indices = answers.split.examples, answers.split.indices
    classes, shape = number_of_classes(facts), facts["input_shape"]
    boxes = [
        keras.ops.convert_to_numpy(
            ops.notes_answer(y, classes, image_shape=shape)["boxes"]
        )
        for y in (answers.targets, answers.outputs)
    ]

    def picture(i):
        return boxes_plot.thumbnail_png(
            examples.images[indices[i]],
            [boxes[0][i]] * int(judged["present"][i]),
            [boxes[1][i]] * int(judged["answered"][i]),
        )

    return picture


def review(outcome, answers, judged, facts, resize, folder):
    """Write mistakes.csv and figures/success.png.

    Args:
        outcome: the `Outcome` of dev.
        answers: the `Answers` to dev.
        judged: see `judged`.
        facts: the task's.
        resize: see `Places`.
        folder: the run's folder.

    Returns:
        Blocks for the report: mistakes, how well boxes and landmarks fit.
    """
    return [
        *picture_review.mistakes(outcome, folder, _caption),
        page.Text(
            "Green is the box that is annotated, red the one that is answered."
        ),
        *_fit(answers, judged, facts, resize, folder),
        *_causes(judged, facts),
    ]


def _caption(row):
    lines = [f"{row['true']} read as {row['given']}"]
    if row["true"] == row["given"]:
        lines = [f"{row['true']}, its box is off"]
    if row["iou"] != "":
        lines.append(f"IoU {row['iou']:.2f}")
    return [*lines, f"{row['confidence']:.1%} sure"]


def _fit(answers, judged, facts, resize, folder):
    """Return the blocks on how well the boxes and landmarks fit."""
    present = judged["present"]
    if not present.any():
        return []
    panels = {"IoU with the true box": (judged["iou"][present], True)}
    places = Places(answers, facts, resize)
    blocks = []
    if places.visible.any():
        of_all = metrics.landmark_report(
            *places.points,
            places.visible,
            boxes=places.boxes[0],
            alphas=_ALPHAS,
        )
        error = np.linalg.norm(places.points[0] - places.points[1], axis=-1)
        sides = places.boxes[0][:, 2:] - places.boxes[0][:, :2]
        error /= np.maximum(np.linalg.norm(sides, axis=-1), 1e-9)[:, None]
        panels["landmark error, box diagonals"] = (
            error[places.visible],
            False,
        )
        blocks.append(_landmarks(of_all, places.visible, facts["points"]))
    path = folder / "figures" / "success.png"
    figures.save(success.success(panels), path)
    return [
        page.Heading("How well boxes fit"),
        page.Picture(
            path,
            "The share of dev's objects whose box, and of landmarks whose "
            "place, is at least as good as the number below.",
            "Shares of dev by IoU and by landmark error",
            chart=True,
        ),
        *blocks,
    ]


def _landmarks(report, visible, names):
    """Return the table of landmarks."""
    return page.Table(
        ["landmark", "mean error", "visible"],
        [
            [name, "" if e is None else f"{e:.3f}", int(n)]
            for name, e, n in zip(
                names, report["per_point"], visible.sum(0), strict=True
            )
        ],
        "Mean distances on dev, as shares of the box's diagonal; NME "
        f"{report['nme']:.4f}; "
        + ", ".join(f"PCK@{a:g} {v:.1%}" for a, v in report["pck"].items())
        + ".",
        numeric=(1, 2),
    )


def _causes(judged, facts):
    """Return the table of why dev's answers are wrong."""
    present, said = judged["present"], judged["answered"]
    both = present & said
    well = judged["class_right"]
    wrong = ~judged["right"]
    rows = [
        ("an object is missed", present & ~said),
        ("one is answered where there is none", ~present & said),
        ("the box is off", both & wrong & well),
    ]
    if len(facts["classes"]) > 1:
        near = wrong & both & ~well
        rows.append(("the class is another", near))
    count = len(present)
    return [
        page.Heading("Why answers are wrong"),
        page.Table(
            ["cause", "pictures", "of all"],
            [
                [name, int(which.sum()), f"{which.sum() / count:.1%}"]
                for name, which in rows
            ],
            f"The {int(wrong.sum())} wrong of {count} dev pictures, each "
            "counted once.",
            numeric=(1, 2),
        ),
    ]
