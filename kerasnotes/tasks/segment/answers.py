"""What a segmenter answers to a split, and what that is worth."""

import dataclasses
import functools
import weakref

import numpy as np
import tensorflow as tf

from kerasnotes import metrics
from kerasnotes.data.pictures import mask_sizes
from kerasnotes.tasks.segment import things as things_lib
from kerasnotes.training import records

# To trace a network takes longer than to ask it of a small split.
_functions = weakref.WeakKeyDictionary()
_BINS = 10_000
# Of more pixels than that, probabilities are kept in half precision.
_MANY = 2**27
# Distances to outlines take long.
_OUTLINED = 200
_TOLERANCE = 0.0075


@dataclasses.dataclass(frozen=True)
class Answers(records.Answers):
    """The answers to the pixels of each picture of a split.

    Attributes:
        outputs: of two classes the probability of the second, floats
            `[n, h, w]`; of more the likeliest class, uint8 `[n, h, w]`.
        losses: the loss of each picture, `[n]`.
        classes: the number of classes.
        sureness: of more than two classes, the probability of the likeliest
            in 255ths, uint8 `[n, h, w]`.
    """

    losses: np.ndarray | None = None
    classes: int = 0
    sureness: np.ndarray | None = None

    @functools.cached_property
    def truth(self):
        """The true class of each pixel, -1 where it doesn't count, int16."""
        labels = self.split.examples.labels[self.split.indices]
        return np.where(
            labels == mask_sizes.IGNORED, np.int16(-1), labels.astype(np.int16)
        )

    def masks(self, threshold=None):
        """Return the answered class of each pixel, uint8 `[n, h, w]`.

        Args:
            threshold: of two classes, the probability from which on the
                second is answered.
        """
        if self.classes > 2:
            return self.outputs
        return (self.outputs >= (threshold or 0.5)).astype(np.uint8)

    def probabilities(self, i, classes):
        """Return those of the class answered, for each of the classes.

        Args:
            i: which picture.
            classes: the number of classes.

        Returns:
            float32 `[h, w, classes]`: of each pixel the probability of the
            class that is answered there; with two classes of the second.
        """
        if self.classes > 2:
            values = self.sureness[i].astype(np.float32) / 255
        else:
            values = self.outputs[i].astype(np.float32)
        return np.broadcast_to(values[..., None], (*values.shape, classes))

    def judged(self, judge, *arguments):
        """Return what a function of these says, which takes long, once.

        Args:
            judge: the function.
            *arguments: its others.
        """
        key = judge, *arguments
        if key not in self._judgements:
            self._judgements[key] = judge(self, *arguments)
        return self._judgements[key]

    @functools.cached_property
    def _judgements(self):
        return {}

    def tally(self, threshold=None):
        """Return the `Tally` of the answers."""
        return Tally.of(self.truth, self.masks(threshold), self.classes)


@dataclasses.dataclass(frozen=True)
class Tally:
    """Pixels of each picture, counted where they count.

    Attributes:
        both: those of a class that are answered so, `[n, classes]`.
        true: those of a class, `[n, classes]`.
        answered: those answered as a class, `[n, classes]`.
        confusion: of all pictures, rows the truth, `[classes, classes]`.
    """

    both: np.ndarray
    true: np.ndarray
    answered: np.ndarray
    confusion: np.ndarray

    @classmethod
    def of(cls, truth, masks, classes):
        """Return the tally of masks `[n, h, w]`, the true ones -1 ignored.

        >>> one = Tally.of(np.array([[[0, 1, -1]]]), np.array([[[0, 0, 1]]]), 2)
        >>> one.both.tolist(), one.true.tolist(), one.answered.tolist()
        ([[1, 0]], [[1, 1]], [[2, 0]])
        """
        tables = metrics.segmentation_confusion(truth, masks, classes)
        tables = tables[:, :classes, :classes]
        both = np.diagonal(tables, axis1=1, axis2=2)
        return cls(both, tables.sum(2), tables.sum(1), tables.sum(0))

    @property
    def iou(self):
        """IoU of each class in each picture, NaN where it is in neither."""
        return _share(self.both, self.true + self.answered - self.both)

    @property
    def errors(self):
        """The error of each picture, `[n]`.

        It is 1 less the mean IoU of the classes that the picture has, or that
        are answered there; 0 where no pixel counts.
        """
        iou = self.iou
        known = np.isfinite(iou)
        total = np.where(known, iou, 0.0).sum(1)
        count = known.sum(1)
        return np.where(count > 0, 1 - total / np.maximum(count, 1), 0.0)

    def pooled(self):
        """Return rates of each class over all pictures, NaN for 0 / 0.

        A dictionary of `iou`, `dice`, `precision` and `recall`, `[classes]`.
        """
        both, true, answered = (
            values.sum(0) for values in (self.both, self.true, self.answered)
        )
        return {
            "iou": _share(both, true + answered - both),
            "dice": _share(2 * both, true + answered),
            "precision": _share(both, answered),
            "recall": _share(both, true),
        }


def _share(part, total):
    """Return the quotients, NaN for 0 / 0."""
    part, total = np.broadcast_arrays(part, total)
    empty = np.full(part.shape, np.nan)
    return np.divide(part, total, out=empty, where=total > 0)


def answer(trained, split, server, loss, batch_size):
    """Return the `Answers` of a model to a split, as it is served.

    Args:
        trained: the `Trained`.
        split: the `MaskSplit`.
        server: the `serving.Server` of the model, which doesn't hold it.
        loss: a function of labels and logits that returns the loss of each
            picture.
        batch_size: pictures at a time.
    """
    classes = len(trained.facts["classes"])
    size = split.examples.images.shape[1:]
    results = []
    model = trained.model
    if model not in _functions:
        _, targets = split.pictures_and_targets(np.arange(0))
        _functions[model] = _function(server, loss, classes, size[-1], targets)
    many = split.size * size[0] * size[1] > _MANY
    for first in range(0, split.size, batch_size):
        rows = np.arange(first, min(first + batch_size, split.size))
        x, y = split.pictures_and_targets(rows)
        part, *rest = (t.numpy() for t in _functions[model](x, y))
        if many and classes == 2:
            part = part.astype(np.float16)
        results.append([part, *rest])
    outputs, losses, *sureness = map(np.concatenate, zip(*results, strict=True))
    return Answers(
        split,
        outputs,
        weights=split.weights,
        losses=losses,
        classes=classes,
        sureness=sureness[0] if sureness else None,
    )


def _function(server, loss, classes, channels, targets):
    shape = [None, None, None, *targets.shape[3:]]

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, channels], tf.float32),
            tf.TensorSpec(shape, targets.dtype),
        ],
        autograph=False,
    )
    def predict(x, y):
        p = server.probabilities(x)
        # Of logarithms of probabilities, softmax is these.
        losses = loss(y, tf.math.log(tf.maximum(p, 1e-7)))
        if classes == 2:
            return p[..., 1], losses
        sureness = tf.cast(tf.round(255 * tf.reduce_max(p, -1)), tf.uint8)
        return tf.cast(tf.argmax(p, -1), tf.uint8), losses, sureness

    return predict


def borders(answers, threshold=None):
    """Return how well outlines fit, as `metrics.boundary_report` says.

    It is of up to 200 pictures, evenly spread. An outline fits up to 0.75 % of
    the diagonal from the true one, and a pixel at least.

    Args:
        answers: the `Answers`.
        threshold: see `Answers.masks`.
    """
    rows = things_lib.spread(answers.split.size, _OUTLINED)
    tolerance = max(_TOLERANCE * np.hypot(*answers.truth.shape[1:]), 1.0)
    return metrics.boundary_report(
        answers.truth[rows],
        answers.masks(threshold)[rows].astype(np.int16),
        answers.classes,
        tolerance,
    )


def best_threshold(answers):
    """Return the probability from which on the second class has the best IoU.

    Of the thresholds that are equally good the middle one is taken. The best
    IoU is the best F1 (Dice) too: each grows with the other.

    Args:
        answers: the `Answers` to dev, of two classes.
    """
    hits, alarms = np.zeros(_BINS + 1), np.zeros(_BINS + 1)
    for truth, p in zip(answers.truth, answers.outputs, strict=True):
        bins = np.floor(p.astype(np.float64) * _BINS).astype(np.int64)
        for label, counts in ((1, hits), (0, alarms)):
            counts += np.bincount(bins[truth == label], minlength=_BINS + 1)
    total = hits.sum()
    if not total:
        return 0.5
    # Of what lies in a bin or above.
    hits, alarms = (np.cumsum(c[::-1])[::-1] for c in (hits, alarms))
    iou = hits / (total + alarms)
    (best,) = np.nonzero(iou[1:-1] >= iou[1:-1].max())
    return float((best[len(best) // 2] + 1) / _BINS)


def score(answers, tally, names, penalty=0.0, outlines=None, things=None):
    """Return the metrics of a split, a dictionary with `size`.

    Args:
        answers: the `Answers`.
        tally: their `Tally`.
        names: of the classes.
        penalty: on the weights, a part of the loss.
        outlines: what `borders` returns, or None.
        things: the `things.Things`, or None.
    """
    pooled = tally.pooled()
    present = tally.true.sum(0) > 0
    iou, dice = pooled["iou"], pooled["dice"]
    # A class that is in no mask, but is answered, counts as 0.
    scores = {
        "size": answers.split.size,
        "loss": float(np.mean(answers.losses * answers.weights)) + penalty,
        "error": float(tally.errors.mean()),
        "mean_iou": float(np.nanmean(iou)),
        "mean_dice": float(np.nanmean(dice)),
        "iou_min": float(np.nanmin(iou)),
        "picture_iou": float(np.mean(1 - tally.errors)),
        "pixel_accuracy": float(tally.both.sum() / max(tally.true.sum(), 1)),
    }
    if outlines and outlines["boundary_f1"] is not None:
        scores["boundary_f1"] = outlines["boundary_f1"]
    if len(names) == 2 and present[1]:
        scores |= {
            "iou": float(iou[1]),
            "f1": float(dice[1]),
            "precision": float(np.nan_to_num(pooled["precision"][1])),
            "recall": float(pooled["recall"][1]),
        }
    if things:
        scores |= things.scores()
    rows = {
        name: {k: _number(values[i]) for k, values in pooled.items()}
        | {"pixels": int(tally.true[:, i].sum())}
        for i, name in enumerate(names)
    }
    absent = [n for n, there in zip(names, present, strict=True) if not there]
    return scores | {"per_class": rows, "absent": absent}


def _number(value):
    return None if np.isnan(value) else float(value)
