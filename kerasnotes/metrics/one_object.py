"""How often the one object of a picture is found, and how well."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.metrics import averages
from kerasnotes.ops import boxes as boxes_lib

_NAME = "localization"
_COUNTS = (
    *("pictures", "right", "presence", "objects"),
    *("iou", "class", "distance", "landmarks"),
)


def judge(y_true, y_pred, classes=0, threshold=0.5, match_iou=0.5):
    """Return what is right in answers about one object.

    An answer is right where the object is said to be there, has its class,
    and a box whose IoU with the true one is `match_iou` or more; and where
    there is no object, if none is said to be. Boxes are cut to the picture,
    as they are served.

    Args:
        y_true: `(batch, 5 + n + 2K)`, as `ops.notes_target` makes it.
        y_pred: the answers of `models.Localizer`: p_c and classes as logits.
        classes: n.
        threshold: the probability above which an object is said to be there.
        match_iou: see above.

    Returns:
        A dictionary of arrays `(batch,)`: `present`, whether there is an
        object, `answered`, whether one is said to be there, `iou`,
        `class_right` and `right`. IoU and class are of the box that is
        answered whether or not an object is said to be there, and mean
        nothing where there is none.

    Raises:
        ValueError: the threshold is no probability between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise errors.refusal(
            "`threshold`",
            f"`threshold` must lie between 0 and 1. Received: {threshold}",
        )
    y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
    present = y_true[:, 0] > 0.5
    answered = ops.sigmoid(y_pred[:, 0]) > threshold
    # IoU doesn't change with the scales of x and y: shares will do.
    pair = [_within(y) for y in (y_true, y_pred)]
    share = boxes_lib.iou(*pair, pairwise=False)
    class_right = ops.ones_like(present)
    if classes:
        labels = [
            ops.argmax(y[:, 5 : 5 + classes], -1) for y in (y_true, y_pred)
        ]
        class_right = labels[0] == labels[1]
    matched = ops.logical_and(class_right, share >= match_iou)
    right = ops.logical_and(
        present == answered,
        ops.logical_or(ops.logical_not(present), matched),
    )
    return {
        "present": present,
        "answered": answered,
        "iou": share,
        "class_right": class_right,
        "right": right,
    }


def _within(y):
    """Return boxes `xyxy` in shares of the picture, cut to it."""
    centre, size = y[:, 1:3], ops.flip(y[:, 3:5], axis=-1)
    corners = ops.concatenate([centre - size / 2, centre + size / 2], axis=-1)
    return ops.clip(corners, 0.0, 1.0)


@keras.saving.register_keras_serializable("kerasnotes")
class LocalizationMetrics(keras.metrics.Metric):
    """Computes how often one object is found, and how well its box fits.

    `result` is a dictionary of

    - `error`: the share of pictures whose answer is wrong, see below;
    - `presence_accuracy`: of those where "there" or "not there" is right;
    - `iou`: the mean IoU of the boxes, cut to the picture, over the pictures
      with an object, whether or not it is said to be there;
    - `class_accuracy`: the share of these whose class is right, where there
      are classes;
    - `landmark_error`: the mean distance of the visible landmarks from where
      they should be, in shares of the picture's width and height, where
      there are landmarks.

    A right answer says that there is an object, has its class and a box whose
    IoU is `match_iou` or more; or says that there is none. 0/0 counts as 0.
    Where the metric's name isn't the default, it stands before each entry's.

    Args:
        classes: n, the number of classes; 0 where there is one kind.
        landmarks: K, the number of points.
        threshold: the probability above which an object is there.
        match_iou: the least IoU of a right answer.
        name: the metric's name.
        dtype: ignored but for serialisation.

    Call arguments:
        y_true: `(batch, 5 + n + 2K)`, as `ops.notes_target` makes it.
        y_pred: the answers of `models.Localizer`.
        sample_weight: refused unless None: every picture counts alike.

    Raises:
        ValueError: there are sample weights.

    Example:
    >>> metric = LocalizationMetrics()
    >>> y = [[1, 0.5, 0.5, 0.2, 0.2], [0, 0, 0, 0, 0]]
    >>> metric.update_state(y, [[2.0, 0.5, 0.5, 0.2, 0.1], [3.0, 0, 0, 1, 1]])
    >>> {name: round(float(x), 3) for name, x in metric.result().items()}
    {'error': 0.5, 'presence_accuracy': 0.5, 'iou': 0.5}

    Source: course 4, "Object localization" and "Evaluating object
    localization".
    """

    def __init__(
        self,
        classes=0,
        landmarks=0,
        threshold=0.5,
        match_iou=0.5,
        name=_NAME,
        dtype=None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.classes = classes
        self.landmarks = landmarks
        self.threshold = threshold
        self.match_iou = match_iou
        self.totals = self.add_variable(
            (len(_COUNTS),), "zeros", dtype="float64", name="totals"
        )

    def reset_state(self):
        """Forgets the counts."""
        self.totals.assign(ops.zeros_like(self.totals))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the counts."""
        if sample_weight is not None:
            raise ValueError(
                "`sample_weight` must be None: every picture counts alike. "
                f"Received: sample_weight={sample_weight}"
            )
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        judged = judge(
            y_true, y_pred, self.classes, self.threshold, self.match_iou
        )
        present = judged["present"]
        distance, visible = self._landmarks(present, y_true, y_pred)
        parts = [
            ops.ones_like(present),
            judged["right"],
            present == judged["answered"],
            present,
            ops.where(present, judged["iou"], 0.0),
            ops.logical_and(present, judged["class_right"]),
            distance,
            visible,
        ]
        dtype = self.totals.dtype
        self.totals.assign_add(
            ops.stack([ops.sum(ops.cast(part, dtype)) for part in parts])
        )

    def _landmarks(self, present, y_true, y_pred):
        """Return the distance of each visible landmark, and whether it is."""
        first = 5 + self.classes
        # Of an empty tensor no -1 can be inferred.
        shape = (ops.shape(y_true)[0], self.landmarks, 2)
        true, answers = (
            ops.reshape(y[:, first:], shape) for y in (y_true, y_pred)
        )
        visible = ops.logical_and(
            present[:, None], ops.logical_not(ops.any(ops.isnan(true), -1))
        )
        squares = ops.sum(ops.square(true - answers), -1)
        return ops.sqrt(ops.where(visible, squares, 0.0)), visible

    def result(self):
        """Return the dictionary of metrics."""
        totals = {name: self.totals[i] for i, name in enumerate(_COUNTS)}

        def share(name, of):
            return ops.divide_no_nan(totals[name], totals[of])

        values = {
            "error": 1.0 - share("right", "pictures"),
            "presence_accuracy": share("presence", "pictures"),
            "iou": share("iou", "objects"),
        }
        if self.classes:
            values["class_accuracy"] = share("class", "objects")
        if self.landmarks:
            values["landmark_error"] = share("distance", "landmarks")
        return averages.log_entries(self, values, _NAME)

    def get_config(self):
        """Return the arguments, for serialisation."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "landmarks": self.landmarks,
            "threshold": self.threshold,
            "match_iou": self.match_iou,
        }
