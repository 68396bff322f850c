"""The windows of a picture in which a classifier sees something.

All is TensorFlow alone, so that a SavedModel answers as `--mode=predict`.
"""

import dataclasses
import typing
import warnings

import tensorflow as tf

from kerasnotes import errors, ops
from kerasnotes.data.pictures import decode
from kerasnotes.models.pictures import fully_convolutional
from kerasnotes.tasks.classify import decision as decision_lib
from kerasnotes.tasks.pictures import serving
from kerasnotes.training import records

MOST = 100
"""How many windows of a picture are kept at most."""

_PIXELS = 4_000_000  # Read at once, so that a network's maps fit in memory.


@dataclasses.dataclass(frozen=True)
class Map:
    """What a classifier says of a picture's windows of one size.

    Attributes:
        probabilities: float32 `[rows, columns, classes]`.
        labels: the answer for each window, int `[rows, columns]`.
        window: height and width of a window in the picture's pixels,
            float32 `[2]`.
        stride: between two windows, down and across, likewise.
    """

    probabilities: tf.Tensor
    labels: tf.Tensor
    window: tf.Tensor
    stride: tf.Tensor

    def boxes(self):
        """Return the windows' boxes, `xyxy`: `[rows, columns, 4]`."""
        rows, columns = tf.unstack(tf.shape(self.labels))
        grid = tf.meshgrid(tf.range(columns), tf.range(rows))
        corner = tf.cast(tf.stack(grid, -1), tf.float32) * self.stride[::-1]
        return tf.concat([corner, corner + self.window[::-1]], -1)

    def confidences(self):
        """Return the probability of each answer, `[rows, columns]`."""
        return tf.gather(self.probabilities, self.labels, batch_dims=2)


@dataclasses.dataclass(frozen=True)
class Search:
    """A classifier at every window of a picture, and which windows to keep.

    Attributes:
        sliding: the `fully_convolutional.Sliding`.
        decision: the `Decision`: how logits become answers.
        scales: the sizes to bring a picture to, shares of its own.
        objects: for each class 1, or 0 where it is background.
        score_threshold: a window is kept above this probability.
        iou_threshold: of two windows of a class that overlap by as much, the
            better is kept.
    """

    sliding: fully_convolutional.Sliding
    decision: decision_lib.Decision
    scales: typing.Sequence
    objects: typing.Sequence
    score_threshold: float
    iou_threshold: float

    @classmethod
    def of(cls, config, trained):
        """Return that of a run; what its borders cost is printed.

        Args:
            config: the task's Config.
            trained: the `Trained`.

        Raises:
            UserError: `--background_classes` names other classes than the
                run's, or all of them; or the model has no windows.
        """
        return cls(
            _convolutional(trained.model),
            decision_lib.Decision.of(config, trained.decisions),
            config.window_scales(),
            _objects(config.background_classes, trained.facts["classes"]),
            config.score_threshold,
            config.iou_threshold,
        )

    def maps(self, picture):
        """Return the `Map` of each scale, empty where no window fits in.

        Args:
            picture: uint8 `[height, width, channels]`.
        """
        shape = tf.cast(tf.shape(picture)[:2], tf.float64)
        channels = self.sliding.model.inputs[0].shape[-1]
        maps = []
        for scale in self.scales:
            size = tf.maximum(tf.cast(tf.round(shape * scale), tf.int32), 1)
            pixels = decode.resize(picture, size, channels)
            back = tf.cast(shape / tf.cast(size, tf.float64), tf.float32)
            logits = self._scan(tf.cast(pixels, tf.float32))
            probabilities = self.decision.probabilities(logits)
            maps.append(
                Map(
                    probabilities,
                    self.decision.classes(probabilities),
                    back * self.sliding.window,
                    back * self.sliding.stride,
                )
            )
        return maps

    def _scan(self, pixels):
        """Return the logits of all windows, read in strips."""
        window, stride = self.sliding.window, self.sliding.stride
        shape = tf.shape(pixels)
        count = tf.maximum((shape[:2] - window) // stride + 1, 0)
        # A picture smaller than a window has none.
        some = tf.maximum(count, 1)
        extent = (some - 1) * stride + window
        more = tf.maximum(extent - shape[:2], 0)
        pixels = tf.pad(pixels, [[0, more[0]], [0, more[1]], [0, 0]])
        width = extent[1]
        step = (_PIXELS // width - window[0]) // stride[0] + 1
        step = tf.maximum(step, 1)

        def read(first, strips):
            last = tf.minimum(first + step, some[0]) - 1
            bottom = last * stride[0] + window[0]
            strip = pixels[tf.newaxis, first * stride[0] : bottom, :width]
            logits = self.sliding.model(strip, training=False)[0]
            logits = tf.cast(logits, tf.float32)
            return first + step, strips.write(first // step, logits)

        strips = tf.TensorArray(
            *(tf.float32, 0, True),
            infer_shape=False,
            element_shape=[None, None, len(self.objects)],
        )
        _, strips = tf.while_loop(
            lambda first, _: first < some[0],
            read,
            (0, strips),
            parallel_iterations=1,
        )
        return strips.concat()[: count[0], : count[1]]

    def keep(self, maps):
        """Return the windows left: sure enough, and the best of their place.

        Args:
            maps: what `maps` returned.

        Returns:
            As `ops.non_max_suppression`, of a batch of one.
        """
        objects, classes = tf.constant(self.objects), len(self.objects)
        # None at all is more than suppression takes.
        boxes, scores = [tf.zeros([1, 4])], [tf.zeros([1, classes])]
        for one in maps:
            answers = tf.one_hot(one.labels, classes)
            answers = answers * one.probabilities * objects
            answers = tf.reshape(answers, [-1, classes])
            sure = tf.reduce_max(answers, -1) > self.score_threshold
            windows = tf.reshape(one.boxes(), [-1, 4])
            boxes.append(tf.boolean_mask(windows, sure))
            scores.append(tf.boolean_mask(answers, sure))
        return ops.non_max_suppression(
            tf.concat(boxes, 0)[tf.newaxis],
            tf.concat(scores, 0)[tf.newaxis],
            self.score_threshold,
            self.iou_threshold,
            MOST,
        )

    def signature(self, classes):
        """Return the `Signature` that answers encoded pictures.

        Args:
            classes: the name of each.
        """

        def of_picture(image_bytes):
            left = self.keep(self.maps(decode.decode(image_bytes)))
            left["labels"] = serving.names_of(left["labels"], classes)
            return {name: value[0] for name, value in left.items()}

        def answer(image_bytes):
            return tf.map_fn(
                of_picture,
                image_bytes,
                fn_output_signature={
                    "boxes": tf.TensorSpec([MOST, 4], tf.float32),
                    "labels": tf.TensorSpec([MOST], tf.string),
                    "scores": tf.TensorSpec([MOST], tf.float32),
                    "count": tf.TensorSpec([], tf.int32),
                },
            )

        spec = tf.TensorSpec([None], tf.string, "image_bytes")
        return records.Signature(answer, (spec,))


def _convolutional(model):
    """Make the model convolutional; what it warns of is printed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            sliding = fully_convolutional.convolutionalize(model)
        except ValueError as error:
            raise errors.UserError(f"--sliding_window: {error}") from error
    for warning in caught:
        print(f"--sliding_window: {warning.message}")
    return sliding


def _objects(background, classes):
    """Return 1 for each class, and 0 for those that are background."""
    names = [name.strip() for name in (background or "").split(",")]
    for name in filter(None, names):
        if name not in classes:
            raise errors.unknown("--background_classes", name, classes)
    objects = [float(name not in names) for name in classes]
    if not any(objects):
        raise errors.UserError(
            f"--background_classes={background}: these are all classes; leave "
            "out those to find"
        )
    return objects
