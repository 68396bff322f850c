"""Scenes of real digits with exact boxes and landmarks, as TFDS sets."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import splits
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import (
    box_examples,
    decode,
    examples,
    mask_sizes,
    object_masks,
    synthesis,
)
from kerasnotes.data.pictures.readers.boxes import checks

INK = 0.3
"""The opacity from which a pixel belongs to a digit."""
POINTS = ("top_tip", "bottom_tip", "left_tip", "right_tip")
_BATCH = 250
_TRIES = 40
# What of a digit's square another may cover.
_OVERLAP = 0.12


@dataclasses.dataclass(frozen=True)
class Scene:
    """What scenes look like.

    Attributes:
        side: height and width, in pixels.
        counts: the least and the most digits; an empty one has none.
        digit: the least and the largest side of a digit's square.
        empty: the share of scenes without any.
        sizes: dictionary of split to its number of scenes.
    """

    side: int
    counts: tuple
    digit: tuple
    empty: float
    sizes: dict


ONE = Scene(
    64, (1, 1), (14, 44), 0.25, {"train": 4000, "dev": 800, "test": 800}
)
MANY = Scene(
    96, (1, 8), (12, 48), 0.04, {"train": 3000, "dev": 500, "test": 500}
)


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """What both sets share."""

    VERSION = tfds.core.Version("1.0.0")
    SCENE = None

    def _info(self):
        side = self.SCENE.side
        item = {
            "box": tfds.features.Tensor(shape=(4,), dtype=np.int32),
            "label": tfds.features.ClassLabel(num_classes=10),
            "points": tfds.features.Tensor(
                shape=(len(POINTS), 2), dtype=np.int32
            ),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(side, side, 3)),
                    "objects": tfds.features.Sequence(item),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {
            side: self._generate_examples(side) for side in self.SCENE.sizes
        }

    def _generate_examples(self, side):
        for key, (image, objects) in enumerate(compose(self.SCENE, side)):
            yield key, {"image": image, "objects": objects}


class OneDigit(_Builder):
    """64×64 pictures of one digit on clouds or gradients of colour, or none.

    The digits are scikit-learn's, 14 to 44 pixels large, turned by up to 15°
    and of a random colour that stands out; every fourth picture has none. The
    box is the tightest around the pixels of which the digit covers three
    tenths or more, and the landmarks are the outermost of these: the topmost,
    bottommost, leftmost and rightmost, of several the darkest. The digits of
    train, dev and test are those of the sides of `digits`, so that no digit
    lies on two sides.
    """

    SCENE = ONE


class ManyDigits(_Builder):
    """96×96 pictures of up to eight digits of many sizes, some touching.

    They are as those of `one_digit`, 12 to 48 pixels large; one in 25 is
    empty. Where one digit covers another, the box is around what shows of it.
    """

    SCENE = MANY


def compose(scene, split):
    """Composes the scenes of a split, the same at every call.

    Args:
        scene: the `Scene`.
        split: train, dev or test.

    Yields:
        A picture, uint8 `[side, side, 3]`, and its list of objects: their
        `box`, `xyxy` from edges, their `label` and their `points`.
    """
    for picture, shown, labels in opacities(scene, split):
        objects = map(_object, shown, labels)
        yield picture, [item for item in objects if item]


def opacities(scene, split):
    """Composes the scenes of a split, with the opacity of each digit.

    Args:
        scene: the `Scene`.
        split: train, dev or test.

    Yields:
        A picture, uint8 `[side, side, 3]`; how much of each pixel shows each
        of its digits, float32 `[most, side, side]`; and the digits, `[most]`.
        Of a digit that isn't there nothing shows.
    """
    from sklearn import datasets

    digits = datasets.load_digits()
    ids = [f"train/{i:06d}" for i in range(len(digits.target))]
    rows = splits.assign(ids, digits.target)[split]
    number = list(scene.sizes).index(split)
    rng = np.random.default_rng([scene.side, number])
    left = scene.sizes[split]
    for start in range(0, left, _BATCH):
        count = min(_BATCH, left - start)
        yield from _batch(scene, digits, rows, count, rng)


def _batch(scene, digits, rows, count, rng):
    least, most = scene.counts
    counts = rng.integers(least, most + 1, count)
    counts[rng.random(count) < scene.empty] = 0
    chosen = rng.choice(rows, (count, most))
    sides, middles = zip(
        *(_places(scene, number, rng) for number in counts), strict=True
    )
    sides, middles = np.stack(sides), np.stack(middles)
    dark, cloudy = rng.random((2, count)) < 0.5
    pictures = _backgrounds(scene, dark, cloudy, rng.integers(2**31)).numpy()
    shown = np.zeros((most, *pictures.shape[:3]), np.float32)
    for i in range(most):
        inks = rng.uniform(0, 0.35, (count, 3))
        inks = np.where(dark[:, None], 1 - inks, inks)
        angles = np.radians(rng.uniform(-15, 15, count))
        there = np.flatnonzero(sides[:, i])
        colours, alpha = synthesis.place(
            _tensor(np.tile(inks[there, None, None], (8, 8, 1))),
            _tensor(digits.images[chosen[there, i], ..., None] / 16),
            (scene.side, scene.side),
            _tensor(middles[there, i]),
            _tensor(sides[there, i] / scene.side),
            _tensor(angles[there]),
        )
        mixed = synthesis.over(colours, alpha, pictures[there])
        pictures[there] = mixed
        # What comes later covers what was there.
        shown[:, there] *= 1 - alpha[..., 0]
        shown[i, there] = alpha[..., 0]
    pictures = np.round(255 * pictures).astype(np.uint8)
    for row in range(count):
        yield pictures[row], shown[:, row], digits.target[chosen[row]]


def _places(scene, number, rng):
    """Draw the sides and middles of digits that hardly cover one another."""
    most = scene.counts[1]
    sides, middles = np.zeros(most), np.zeros((most, 2))
    boxes = []
    low, high = np.log(scene.digit)
    for i in range(number):
        for attempt in range(_TRIES):
            # Small ones are more, and fit where large ones don't.
            shrink = (1 - attempt / _TRIES) if number > 1 else 1
            side = np.exp(low + (high - low) * shrink * rng.random())
            middle = rng.uniform(side / 2, scene.side - side / 2, 2)
            box = np.concatenate([middle - side / 2, middle + side / 2])
            if all(_covered(box, other) <= _OVERLAP for other in boxes):
                boxes.append(box)
                sides[i], middles[i] = side, middle - 0.5
                break
        else:
            break
    return sides, middles


def _covered(one, other):
    """Return the share of the smaller box that both have in common."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return np.prod(np.maximum(sides, 0)) / min(areas)


def _object(alpha, label):
    """Return the object of a digit's opacity in the picture, or None."""
    ink = alpha >= INK
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    points = [
        (alpha[top].argmax(), top),
        (alpha[bottom].argmax(), bottom),
        (left, alpha[:, left].argmax()),
        (right, alpha[:, right].argmax()),
    ]
    return {
        "box": np.array([left, top, right + 1, bottom + 1], np.int32),
        "label": int(label),
        "points": np.array(points, np.int32),
    }


def _backgrounds(scene, dark, cloudy, seed):
    """Draw a background each, from 0.08 to 0.42 if dark, else the rest."""
    shape = [len(dark), scene.side, scene.side, 3]
    clouds = synthesis.noise(shape, [seed, 0])
    gradients = synthesis.gradient(shape, [seed, 1])
    textures = tf.where(cloudy[:, None, None, None], clouds, gradients)
    base = _tensor(np.where(dark, 0.08, 0.58)[:, None, None, None])
    return base + 0.34 * textures


def _tensor(array):
    return tf.constant(array, tf.float32)


def read(
    builder_class,
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    data_dir=None,
    cache="auto",
    masks=False,
):
    """Read the scenes, preparing them at the first use.

    Where `data_dir` can't be written, they are prepared in a temporary
    folder.

    Args:
        builder_class: `OneDigit` or `ManyDigits`.
        size: the side wanted, or `(height, width)`; None is their own.
        channels: 1, 3, or None for 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        data_dir: TFDS's folder; its own default if None.
        cache: see `examples.keeps`; they are always kept.
        masks: whether objects have masks: the pixels of their ink, for which
            the scenes are composed again, in seconds.

    Returns:
        The `BoxExamples`, with official splits; ids are `side/000123`.
    """
    side = builder_class.SCENE.side
    size = (size, size) if isinstance(size, int) else tuple(size or [side] * 2)
    cache = "auto" if cache == "none" else cache
    return tfds_sets.read_own(
        builder_class,
        data_dir,
        lambda builder: _read(
            builder, size, channels or 3, mode, cache_dir, cache, masks
        ),
    )


def _read(builder, size, channels, mode, cache_dir, cache, masks):
    scene = builder.SCENE
    total = sum(scene.sizes.values())
    array = examples.allocate((total, *size, channels), cache_dir, cache)
    checked, official, start = [], {}, 0
    for split, count in scene.sizes.items():
        official[split] = np.arange(start, start + count)
        data = builder.as_dataset(split=split, shuffle_files=False)
        for batch in data.ragged_batch(_BATCH):
            rows = slice(start, start + batch["image"].shape[0])
            array[rows] = decode.resize(batch["image"], size, channels, mode)
            checked += _checked(batch["objects"])
            start = rows.stop
    names = [str(digit) for digit in range(10)]
    sizes = [(scene.side, scene.side)] * total
    values = box_examples.assemble(
        *(array, checked, sizes, size, mode, names, list(POINTS)),
        _masks(scene, checked, size, mode) if masks else None,
    )
    return box_examples.BoxExamples(
        array,
        values.pop("labels"),
        [
            f"{side}/{i:06d}"
            for side, n in scene.sizes.items()
            for i in range(n)
        ],
        names,
        official,
        own_size=(scene.side, scene.side),
        point_names=list(POINTS),
        **values,
    )


def _masks(scene, checked, size, mode):
    """Return the packed masks of each scene's objects.

    Raises:
        ValueError: the scenes that were prepared aren't those composed now.
    """
    parts, scenes = [], iter(checked)
    for split in scene.sizes:
        for _, shown, _ in opacities(scene, split):
            ink = shown[(shown >= INK).any((1, 2))] >= INK
            boxes, _ = object_masks.tight_boxes(tf.constant(ink))
            if not np.array_equal(boxes, next(scenes).boxes):
                raise ValueError(
                    "`data_dir`: the scenes prepared there are of another "
                    "version; remove them, and they are prepared anew"
                )
            ink = mask_sizes.resize(ink, size, mode, outside=False)
            parts.append(object_masks.pack(ink))
    return parts


def _checked(objects):
    """Return the `checks.Boxes` of each picture of a ragged batch."""
    known = len(POINTS)
    splits_of = objects["label"].row_splits.numpy()
    boxes, labels, points = (
        objects[key].flat_values.numpy() for key in ("box", "label", "points")
    )
    parts = []
    for first, last in zip(splits_of[:-1], splits_of[1:], strict=True):
        count = last - first
        no = np.zeros(count, bool)
        parts.append(
            checks.Boxes(
                boxes[first:last].reshape(-1, 4).astype(np.float64),
                [str(label) for label in labels[first:last]],
                no,
                no,
                points[first:last].reshape(-1, known, 2).astype(np.float64),
                np.ones((count, known), bool),
            )
        )
    return parts
