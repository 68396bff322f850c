"""Pictures with boxes, their classes and landmarks."""

import collections
import dataclasses

import numpy as np
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.pictures import examples, frames

MIN_SHARE = 0.25
"""The least share of a box's area that has to be left of it."""
# A combination of classes that fewer pictures have goes with its rarest.
_FEWEST = 10
_SIDE = 1e-3


@dataclasses.dataclass(frozen=True)
class BoxExamples(examples.Examples):
    """Pictures with any number of objects each; none on a background picture.

    Coordinates are in pixels of `images`: boxes count from edges, landmarks
    from the centre of the first pixel. Ragged tensors have a row for each
    picture and in it one for each of its m objects.

    Attributes:
        images: as `Examples.images`.
        labels: the objects' classes, int64 `[n, (m)]`.
        ids: as `Examples.ids`.
        class_names: the name of each class.
        official: as `Examples.official`.
        skipped: as `Examples.skipped`, with what is wrong with annotations.
        boxes: `xyxy`, float32 `[n, (m), 4]`.
        difficult: bool `[n, (m)]`, whether an object isn't to count.
        crowd: bool `[n, (m)]`, whether a box is a region of several.
        points: the objects' landmarks, x and y, float32 `[n, (m), k, 2]`; 0
            where one isn't visible.
        visible: bool `[n, (m), k]`.
        point_names: the names of the k landmarks.
        masks: the objects' pixels at the size of `images`, packed by
            `object_masks.pack`, uint8 `[n, (m), height, ⌈width / 8⌉]`; None
            where they weren't read. One without a pixel has a box alone.
        sizes: height and width of the pictures as they were shown before
            they were resized, int32 `[n, 2]`.
        mode: how they were resized, see `decode.resize`.
        notes: lines on what was read, decided and skipped.
        category_ids: dictionary of class to its number in the annotations,
            where these have one.

    Raises:
        UserError: there is no picture, or none has a box.
        ValueError: arrays that don't fit together, or boxes outside of the
            pictures.

    >>> examples = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), tf.ragged.constant([[0], []]),
    ...     ["a", "b"], ["cell"], boxes=tf.RaggedTensor.from_row_lengths(
    ...         [[1.0, 1, 4, 4]], [1, 0]))
    >>> examples.strata.tolist(), examples.sizes.tolist()
    ([1, 0], [[8, 8], [8, 8]])
    """

    boxes: tf.RaggedTensor | None = None
    difficult: tf.RaggedTensor | None = None
    crowd: tf.RaggedTensor | None = None
    points: tf.RaggedTensor | None = None
    visible: tf.RaggedTensor | None = None
    point_names: list = dataclasses.field(default_factory=list)
    masks: tf.RaggedTensor | None = None
    sizes: np.ndarray | None = None
    mode: str = "stretch"
    notes: list = dataclasses.field(default_factory=list)
    category_ids: dict | None = None

    def __post_init__(self):
        if not len(self.ids):
            raise errors.UserError(
                f"--dataset: no picture could be read: {self._left_out()}"
            )
        self._fill_in()
        self._check_labels()

    def _fill_in(self):
        """Set what wasn't said, of the types that the others expect."""
        count, known = len(self.ids), len(self.point_names)
        objects = tf.shape(self.labels.flat_values)[0]
        no = tf.zeros([objects], tf.bool)
        defaults = {
            "difficult": no,
            "crowd": no,
            "points": tf.zeros([objects, known, 2]),
            "visible": tf.zeros([objects, known], tf.bool),
        }
        types = {"labels": tf.int64, "boxes": tf.float32, "points": tf.float32}
        for name in ("labels", "boxes", *defaults):
            value = getattr(self, name)
            value = (
                defaults[name]
                if value is None
                else tf.cast(value.flat_values, types.get(name, tf.bool))
            )
            self._set(name, self.labels.with_values(value))
        if self.sizes is None:
            self._set("sizes", [self.images.shape[1:3]] * count)
        self._set("sizes", np.asarray(self.sizes, np.int32).reshape(-1, 2))

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    def _check_labels(self):
        counts = {
            "images": self.images.shape[0], "labels": int(self.labels.nrows()),
            "ids": len(self.ids), "sizes": len(self.sizes),
        }  # fmt: skip
        objects = {
            "labels": self.labels, "boxes": self.boxes, "points": self.points,
            "visible": self.visible, "crowd": self.crowd,
            "difficult": self.difficult,
        }  # fmt: skip
        if self.masks is not None:
            objects["masks"] = self.masks
        rows = {k: int(v.flat_values.shape[0]) for k, v in objects.items()}
        if len(set(counts.values())) > 1 or len(set(rows.values())) > 1:
            raise ValueError(
                f"`images` and `ids` have a row for each picture, `boxes` and "
                f"`labels` one for each object. Received: {counts}, {rows}"
            )
        labels = self.labels.flat_values.numpy()
        if not len(labels):
            raise errors.UserError(
                "--dataset: no picture has a box; nothing can be learned "
                f"({self._left_out()})"
            )
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise ValueError(
                f"`labels` lie between 0 and {len(self.class_names) - 1}. "
                f"Received: {labels.min()} to {labels.max()}"
            )
        height, width = self.images.shape[1:3]
        boxes = self.boxes.flat_values.numpy()
        most = np.array([width, height] * 2) + _SIDE
        fit = ((boxes >= -_SIDE) & (boxes <= most)).all(1)
        fit &= (boxes[:, :2] < boxes[:, 2:]).all(1)
        if not fit.all():
            raise ValueError(
                "`boxes` have an area and lie within their pictures. "
                f"Received: {boxes[~fit][0].tolist()}"
            )

    @property
    def strata(self):
        """The stratum of each picture, by the classes that it has, `[n]`.

        Background is 0. Each combination of classes that ten pictures have
        is one more; pictures of a rarer one go with the rarest class in it.
        """
        return _strata(self.labels.to_list())

    @property
    def pairs(self):
        """The landmarks that a mirror swaps, by their names, as indices."""
        return point_pairs(self.point_names)


def _strata(labels):
    rows = [tuple(sorted(set(row))) for row in labels]
    pictures = collections.Counter(label for row in rows for label in row)
    combinations = collections.Counter(rows)

    def stratum(row):
        if not row or combinations[row] >= _FEWEST:
            return row
        return (min(row, key=lambda label: (pictures[label], label)),)

    strata = list(map(stratum, rows))
    numbers = {key: i for i, key in enumerate(sorted({(), *strata}))}
    return np.array([numbers[key] for key in strata], np.int64)


def of_classes(examples, names):
    """Return `BoxExamples` with the objects of some classes alone.

    Pictures that have none of them are background.

    Args:
        examples: the `BoxExamples`.
        names: the classes' names; they keep the order of the examples.

    Raises:
        UserError: there is no such class, or it has no object.

    >>> both = BoxExamples(
    ...     np.zeros((2, 8, 8, 1), "uint8"), tf.ragged.constant([[0], [1]]),
    ...     ["a", "b"], ["cell", "grain"],
    ...     boxes=tf.RaggedTensor.from_row_lengths(
    ...         [[1.0, 1, 4, 4]] * 2, [1, 1]))
    >>> grains = of_classes(both, ["grain"])
    >>> grains.class_names, grains.labels.to_list()
    (['grain'], [[], [0]])
    """
    for name in names:
        if name not in examples.class_names:
            raise errors.unknown("--classes", name, examples.class_names)
    rows = [i for i, n in enumerate(examples.class_names) if n in set(names)]
    number = np.full(len(examples.class_names), -1, np.int64)
    number[rows] = np.arange(len(rows))
    labels = tf.ragged.map_flat_values(
        lambda values: tf.gather(number, values), examples.labels
    )
    left = labels >= 0
    objects = ["boxes", "difficult", "crowd", "points", "visible"]
    if examples.masks is not None:
        objects.append("masks")
    return dataclasses.replace(
        examples,
        labels=tf.ragged.boolean_mask(labels, left),
        class_names=[examples.class_names[i] for i in rows],
        **{
            name: tf.ragged.boolean_mask(getattr(examples, name), left)
            for name in objects
        },
    )


def point_pairs(names):
    """Return the index pairs of landmarks called `left_…` and `right_…`.

    Any case, and the word at the beginning or the end, of any parts that
    `_`, `-` or a blank sets apart.

    Args:
        names: the landmarks' names.

    Raises:
        UserError: one has no twin, so that a mirror would make it another.

    >>> point_pairs(["nose", "left_eye", "right_eye", "ear-L", "ear-R"])
    [(1, 2), (3, 4)]
    """
    sides = {"left": "right", "l": "r"}
    places = {_words(name): i for i, name in enumerate(names)}
    pairs, alone = [], []
    for words, place in places.items():
        for at, word in enumerate(words):
            if word in sides or word in sides.values():
                other = {**sides, **{v: k for k, v in sides.items()}}[word]
                twin = places.get((*words[:at], other, *words[at + 1 :]))
                if twin is None:
                    alone.append(names[place])
                elif word in sides:
                    pairs.append((place, twin))
                break
    if alone:
        raise errors.UserError(
            f"--dataset: landmark {alone[0]!r} has no twin on the other side: "
            "what would it be in a mirror? Name the twin alike, or call it "
            "neither left nor right"
        )
    return sorted(pairs)


def _words(name):
    text = "".join(c if c.isalnum() else " " for c in name.casefold())
    return tuple(text.split())


def assemble(
    images,
    checked,
    sizes,
    size,
    mode,
    class_names,
    point_names,
    masks=None,
):
    """Return the ragged arrays of `BoxExamples` of what the check left.

    Args:
        images: the resized pictures, for their number.
        checked: a `checks.Boxes` for each.
        sizes: height and width of each as it is shown.
        size: what they were resized to.
        mode: how, see `decode.resize`. Where it crops, boxes are clipped:
            gone where nothing is left, and difficult where it is less than
            `MIN_SHARE` of their area.
        class_names: the names of the classes.
        point_names: the names of the landmarks.
        masks: the packed masks of each picture's objects, at the size that
            pictures were resized to; or None.

    Returns:
        A dictionary of the arrays.
    """
    numbers = {name: i for i, name in enumerate(class_names)}
    lengths = [len(part.boxes) for part in checked]

    def ragged(name, shape, dtype):
        parts = [getattr(part, name) for part in checked]
        values = np.concatenate([np.zeros((0, *shape)), *parts])
        return tf.RaggedTensor.from_row_lengths(
            values.astype(dtype.as_numpy_dtype), np.array(lengths, np.int64)
        )

    known, sizes = len(point_names), np.asarray(sizes).reshape(-1, 2)
    boxes = ragged("boxes", (4,), tf.float64)
    labels = [numbers[label] for part in checked for label in part.labels]
    labels = boxes.with_values(tf.constant(labels, tf.int64))
    boxes = frames.resized_boxes(boxes, sizes, size, mode)
    points = frames.resized_points(
        ragged("points", (known, 2), tf.float64), sizes, size, mode
    )
    visible = ragged("visible", (known,), tf.bool)
    whole_size = (size, size) if isinstance(size, int) else tuple(size)
    boxes, shares = _clipped(boxes, whole_size)
    visible = tf.ragged.map_flat_values(_within, visible, points, whole_size)
    points = tf.ragged.map_flat_values(
        lambda p, v: tf.where(v[..., None], p, tf.zeros_like(p)),
        points, visible,
    )  # fmt: skip
    difficult = ragged("difficult", (), tf.bool)
    values = {
        "labels": labels,
        "boxes": boxes,
        "difficult": tf.ragged.map_flat_values(
            tf.logical_or, difficult, shares < MIN_SHARE
        ),
        "crowd": ragged("crowd", (), tf.bool),
        "points": points,
        "visible": visible,
    }
    if masks is not None:
        shape = (0, whole_size[0], -(-whole_size[1] // 8))
        values["masks"] = labels.with_values(
            np.concatenate([np.zeros(shape, np.uint8), *masks])
        )
    left = shares > 0
    return {
        name: tf.ragged.boolean_mask(value, left)
        for name, value in values.items()
    } | {"sizes": sizes, "mode": mode}


def _clipped(boxes, size):
    """Return boxes clipped to a picture, and the shares of them left."""
    flat = boxes.flat_values
    most = tf.constant([size[1], size[0]] * 2, flat.dtype)
    clipped = tf.clip_by_value(flat, 0, most)
    # float32 is what stays: what has no area in it is gone.
    sides = tf.cast(clipped, tf.float32)
    sides = tf.cast(sides[:, 2:] - sides[:, :2], flat.dtype)
    area = tf.reduce_prod(flat[:, 2:] - flat[:, :2], -1)
    shares = tf.reduce_prod(tf.maximum(sides, 0), -1) / area
    return boxes.with_values(clipped), boxes.with_values(shares)


def _within(visible, points, size):
    most = tf.constant([size[1], size[0]], points.dtype) - 0.5
    return visible & tf.reduce_all((points >= -0.5) & (points <= most), -1)
