"""What a detector answers to a split, and what that is worth."""

import dataclasses
import functools
import time
import weakref

import numpy as np
import tensorflow as tf

from kerasnotes import metrics, ops
from kerasnotes.data.pictures import frames
from kerasnotes.diagnosis import detection_errors
from kerasnotes.tasks.detect import mask_answers
from kerasnotes.training import records

# The IoU from which on a box is right, by convention.
MATCH_IOU = 0.5
# Proposals of a picture, of which recall is told.
_NUMBERS = (10, 30, 100, 300)
# To trace a network takes longer than to ask it of a small split.
_functions = weakref.WeakKeyDictionary()


@dataclasses.dataclass(frozen=True)
class Answers(records.Answers):
    """The boxes left after suppression, of each picture of a split.

    Attributes:
        outputs: float32 `[n, k, 6]`: a box as `xyxy` in pixels of the
            model's input, its score and its class; padded with class -1.
        losses: the loss of each picture, `[n]`.
        truth: a dictionary of arrays for each picture, as
            `metrics.detection_report` takes them.
        classes: the number of classes.
        regions: what the network looked at, `xyxy` in pixels of the model's
            input, `[n, m, 4]`; without an area where there is none.
        seconds: how long the network and suppression took.
        masks: what is an object in each box, in 255ths, uint8 `[n, k, s, s]`;
            s is 0 where there are no masks.
    """

    losses: np.ndarray | None = None
    truth: tuple = ()
    classes: int = 0
    regions: np.ndarray | None = None
    seconds: float = 0.0
    masks: np.ndarray | None = None

    @property
    def detections(self):
        """The answers as `metrics.detection_report` takes them."""
        return [
            {"boxes": y[:, :4], "scores": y[:, 4], "labels": y[:, 5]}
            for y in self.outputs
        ]

    @functools.cached_property
    def report(self):
        """What `metrics.detection_report` says."""
        return metrics.detection_report(
            self.truth,
            self.detections,
            self.classes,
            max(self.outputs.shape[1], 1),
        )

    @functools.cached_property
    def matches(self):
        """Who found what, the `metrics.Matches`."""
        return metrics.detection_matches(
            self.truth,
            self.detections,
            self.classes,
            MATCH_IOU,
            max(self.outputs.shape[1], 1),
        )

    def causes(self, threshold):
        """Return the pictures and causes of the wrong boxes.

        Args:
            threshold: a box counts with `score > threshold`. Of all boxes of
                a large split it would take minutes.
        """
        rows = self.matches.detections["scores"] > threshold
        boxes = {k: v[rows] for k, v in self.matches.detections.items()}
        part = dataclasses.replace(self.matches, detections=boxes)
        causes = detection_errors.errors_of(part).causes
        wrong = causes != ""
        return boxes["picture"][wrong], causes[wrong]

    @functools.cached_property
    def proposals(self):
        """What `metrics.proposal_recall` says of the regions."""
        return proposal_recall(self.truth, self.regions, self.classes)

    @functools.cached_property
    def mask_report(self):
        """What `metrics.mask_report` says, at the size of the input."""
        return mask_answers.report(self)

    @functools.cached_property
    def curve(self):
        """Precision and recall over all classes, a `metrics.Curve`."""
        return metrics.precision_recall(self.matches)

    def counts(self, threshold):
        """Return what each picture has above a threshold, int64 `[n]` each.

        Objects that don't count (crowds, difficult ones) are left out, and
        so are the boxes that found them.

        Args:
            threshold: a box counts with `score > threshold`.

        Returns:
            A dictionary of `objects`, `right` (of them, those found by a box
            of their class with an IoU of 0.5) and `wrong` (the other boxes).
        """
        boxes, objects = self.matches.detections, self.matches.objects
        shown = ~boxes["ignored"] & (boxes["scores"] > threshold)
        right = shown & (boxes["object"] >= 0)

        def of_pictures(pictures):
            return np.bincount(pictures, minlength=len(self.outputs))

        return {
            "objects": of_pictures(objects["picture"][~objects["ignored"]]),
            "right": of_pictures(boxes["picture"][right]),
            "wrong": of_pictures(boxes["picture"][shown & ~right]),
        }


def answer(trained, split, loss, suppress, regions, masks, batch_size):
    """Return the `Answers` of a model to a split.

    Args:
        trained: the `Trained`.
        split: the split, with what the network learns from.
        loss: a function of `(y, outputs)`: the loss of each picture.
        suppress: a function of the model's outputs that returns what
            `ops.non_max_suppression` does.
        regions: a function of the model's outputs that returns the regions
            that it looked at.
        masks: a function of the model's outputs, and of what is left of them,
            that returns masks, from 0 to 1.
        batch_size: pictures at a time.
    """
    model = trained.model
    is_new = model not in _functions
    if is_new:
        _functions[model] = _function(model, loss, suppress, regions, masks)
    predict = _functions[model]
    parts, seconds = [], 0.0
    for x, y, w in split.evaluation_batches(batch_size):
        if is_new:
            # The first call takes long, and says nothing of the speed.
            predict(x, y)
            is_new = False
        began = time.perf_counter()
        answered = [part.numpy() for part in predict(x, y)]
        seconds += time.perf_counter() - began
        parts.append((*answered, w.numpy()))
    outputs, losses, looked_at, pixels, weights = map(
        np.concatenate, zip(*parts, strict=True)
    )
    return Answers(
        split,
        outputs,
        weights=weights,
        losses=losses,
        truth=truth(split),
        classes=len(split.examples.class_names),
        regions=looked_at,
        seconds=seconds,
        masks=pixels,
    )


def _function(model, loss, suppress, regions, masks):
    """Return the function of a model, which doesn't hold it."""
    model = weakref.ref(model)

    # Batches differ in pictures, and in rows of objects, of some splits.
    @tf.function(reduce_retracing=True, autograph=False)
    def predict(x, y):
        outputs = model()(x, training=False)
        left = suppress(outputs)
        rows = tf.concat(
            [
                left["boxes"],
                left["scores"][..., None],
                tf.cast(left["labels"], tf.float32)[..., None],
            ],
            -1,
        )
        rows = tf.cast(rows, tf.float32)
        pixels = tf.cast(tf.round(255.0 * masks(outputs, left)), tf.uint8)
        return rows, loss(y, outputs), regions(outputs), pixels

    return predict


def truth(split):
    """Return the objects of each picture, in pixels of the model's input.

    Small and large are judged in the pixels of the photos: `area` is that
    there.

    Args:
        split: the `BoxSplit`.
    """
    examples = split.examples
    rows = tf.gather(examples.boxes, split.indices)
    original = frames.original_boxes(
        rows,
        examples.sizes[split.indices],
        examples.images.shape[1:3],
        examples.mode,
    ).flat_values
    sides = original[:, 2:] - original[:, :2]
    columns = {
        name: tf.gather(getattr(examples, name), split.indices).flat_values
        for name in ("labels", "crowd", "difficult")
    }
    columns |= {"boxes": rows.flat_values, "area": tf.reduce_prod(sides, -1)}
    ends = rows.row_splits.numpy()[1:-1]
    parts = {k: np.split(v.numpy(), ends) for k, v in columns.items()}
    return tuple(
        {name: part[i] for name, part in parts.items()}
        for i in range(split.size)
    )


def proposal_recall(truth, regions, classes):
    """Return what `metrics.proposal_recall` says of regions.

    Args:
        truth: what `truth` returns.
        regions: `xyxy` of each picture, `(k, 4)` each, with padding or not.
        classes: the number of classes.
    """
    most = max(1, *(len(rows) for rows in regions))
    numbers = (*(n for n in _NUMBERS if n < most), most)
    return metrics.proposal_recall(truth, regions, classes, numbers=numbers)


def ceiling(split, config):
    """Return what no network can exceed with these grids, and collisions.

    Args:
        split: the `YoloSplit`.
        config: the task's Config.

    Returns:
        A dictionary of `ap`, `ap50` and `ar` of the truth after encoding,
        decoding and suppression, and of `moved`, the objects that have
        another than their best anchor, and `lost`, those that have none.
    """
    examples, grids, parts, counts = split.examples, split.grids, [], []
    for start in range(0, split.size, 256):
        rows = split.indices[start : start + 256]
        boxes = tf.gather(examples.boxes, rows).to_tensor(shape=[None, None, 4])
        labels = tf.gather(examples.labels, rows).to_tensor(-1)
        crowd = tf.gather(examples.crowd, rows).to_tensor(False)
        labels = tf.where(crowd, tf.cast(-1, labels.dtype), labels)
        left = ops.yolo_ceiling(
            boxes,
            labels,
            grids,
            config.iou_threshold,
            config.max_detections,
            config.suppression == "per_class",
        )
        parts.append({k: v.numpy() for k, v in left.items()})
        counts.append(ops.yolo_encode(boxes, labels, grids)[1])
    report = metrics.detection_report(
        truth(split),
        [
            {k: part[k][i] for k in ("boxes", "labels", "scores")}
            for part in parts
            for i in range(len(part["count"]))
        ],
        grids.classes,
        config.max_detections,
    )
    sums = {
        name: int(sum(np.sum(part[name]) for part in counts))
        for name in ("moved", "lost")
    }
    return {k: report[k] for k in ("ap", "ap50", "ar")} | sums


def ceiling_text(name, limit):
    """Return what is to be told of a split's ceiling before training.

    Args:
        name: of the split.
        limit: what `ceiling` returns.
    """
    if limit["ap"] is None:
        return f"{name}: no object counts"
    return (
        f"{name}: the truth itself, encoded, decoded and suppressed, has AP50 "
        f"{limit['ap50']:.3f} and AR {limit['ar']:.4f}, which no network "
        f"exceeds; {limit['moved']:,} objects have another than their best "
        f"anchor, {limit['lost']:,} have no place"
    )


def score(answers, threshold, names):
    """Return the metrics of a split, a dictionary with `size`.

    Args:
        answers: the `Answers`.
        threshold: above which a box is answered.
        names: of the classes.
    """
    report, counts = answers.report, answers.counts(threshold)
    per_class = dict(zip(names, report["per_class"], strict=True))
    absent = [names[i] for i in report["absent"]]
    right, wrong, objects = (
        int(counts[name].sum()) for name in ("right", "wrong", "objects")
    )
    numbers = {k: v for k, v in report.items() if isinstance(v, float)}
    return {
        "size": answers.split.size,
        "loss": float(np.mean(answers.losses * answers.weights)),
        "error": float(errors(counts).mean()),
        **numbers,
        "precision": right / max(right + wrong, 1),
        "recall": right / max(objects, 1),
        "f1": 2 * right / max(right + wrong + objects, 1),
        "per_class": per_class,
        "absent": absent,
    }


def errors(counts):
    """Return the error of each picture: what has no match.

    `(missed + wrong) / (objects + boxes answered)`; 0 where there is neither
    an object nor a box. It is 1 less F1 of the picture.

    Args:
        counts: what `Answers.counts` returns.

    >>> one = {"objects": [2, 0], "right": [1, 0], "wrong": [1, 0]}
    >>> errors({name: np.array(n) for name, n in one.items()}).tolist()
    [0.5, 0.0]
    """
    missed = counts["objects"] - counts["right"]
    total = counts["objects"] + counts["right"] + counts["wrong"]
    return (missed + counts["wrong"]) / np.maximum(total, 1)
