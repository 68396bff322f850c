"""Scenes of real digits, with several labels each, as a TFDS set."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnotes import splits
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import decode, examples, multi_examples, synthesis

SIDE = 32
SIZES = {"train": 6000, "dev": 1000, "test": 1000}
LABELS = (
    "even digit",
    "digit above five",
    "digit with a loop",
    "two digits",
    "large digit",
    "digit on the left",
    "dark background",
)
WITHHELD = 4
_LOOPS = (0, 6, 8, 9)
_BATCH = 1000


class Scenes(tfds.core.GeneratorBasedBuilder):
    """32×32 pictures of one or two digits on clouds or gradients of colour.

    The digits are scikit-learn's, small (9 to 11 pixels) or large (14 to
    15), turned by up to 10° and of a random colour that stands out; two lie
    side by side or one above the other. Each picture has seven labels, 1 if
    any of its digits fits and 0 if none: even, above five, with a loop (0,
    6, 8 or 9), large, its middle on the left half; and two for the picture:
    two digits, dark background. In train, four of the seven, drawn for each
    picture, are withheld: -1. The digits of train, dev and test are those of
    the sides of `digits`, so that no digit lies on two sides.
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3)),
                    "labels": tfds.features.Tensor(
                        shape=(len(LABELS),), dtype=np.int8
                    ),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {side: self._generate_examples(side) for side in SIZES}

    def _generate_examples(self, side):
        for key, (image, labels) in enumerate(zip(*compose(side), strict=True)):
            yield key, {"image": image, "labels": labels}


def compose(side):
    """Composes the scenes of a side, the same at every call.

    Args:
        side: train, dev or test.

    Returns:
        uint8 `[n, 32, 32, 3]` and int8 `[n, 7]`.
    """
    from sklearn import datasets

    digits = datasets.load_digits()
    ids = [f"train/{i:06d}" for i in range(len(digits.target))]
    rows = splits.assign(ids, digits.target)[side]
    count, number = SIZES[side], list(SIZES).index(side)
    rng = np.random.default_rng(number)
    chosen = rng.choice(rows, (count, 2))
    large = rng.random((count, 2)) < 0.5
    two, dark = rng.random((2, count)) < 0.5
    there = np.stack([np.ones_like(two), two], 1)
    sides = np.where(
        large, rng.uniform(14, 15, (count, 2)), rng.uniform(9, 11, (count, 2))
    )
    middles = _middles(rng, sides, two)
    pictures = _backgrounds(number, dark, rng.random(count) < 0.5)
    for i in range(2):
        alphas = digits.images[chosen[:, i]] / 16 * there[:, i, None, None]
        inks = rng.uniform(0, 0.35, (count, 3))
        inks = np.where(dark[:, None], 1 - inks, inks)
        angles = np.radians(rng.uniform(-10, 10, count))
        placed = synthesis.place(
            _tensor(np.tile(inks[:, None, None], (8, 8, 1))),
            _tensor(alphas[..., None]),
            (SIDE, SIDE),
            *map(_tensor, (middles[:, i], sides[:, i] / SIDE, angles)),
        )
        pictures = synthesis.over(*placed, pictures)
    labels = _labels(digits.target[chosen], there, large, middles, dark)
    if side == "train":
        hidden = np.arange(len(LABELS)) < WITHHELD
        hidden = rng.permuted(np.tile(hidden, (count, 1)), axis=1)
        labels[hidden] = multi_examples.UNKNOWN
    return tf.cast(tf.round(255 * pictures), tf.uint8).numpy(), labels


def _labels(values, there, large, middles, dark):
    fits = (
        values % 2 == 0,
        values > 5,
        np.isin(values, _LOOPS),
        large,
        middles[..., 0] < (SIDE - 1) / 2,
    )
    any_fits = [(fit & there).any(1) for fit in fits]
    any_fits.insert(LABELS.index("two digits"), there.all(1))
    return np.stack([*any_fits, dark], 1).astype(np.int8)


def _middles(rng, sides, two):
    """Draws the middles of two digits, each in its half where both show."""
    least = np.zeros((*sides.shape, 2))
    most = least + SIDE
    rows = np.flatnonzero(two)
    axes = rng.integers(2, size=len(rows))
    most[rows, 0, axes] = least[rows, 1, axes] = SIDE / 2
    margin = sides[..., None] / 2
    return rng.uniform(least + margin, most - margin) - 0.5


def _backgrounds(number, dark, cloudy):
    """Draws a background each, from 0.08 to 0.42 if dark, else the rest."""
    shape = [len(dark), SIDE, SIDE, 3]
    clouds = synthesis.noise(shape, [number, 0])
    gradients = synthesis.gradient(shape, [number, 1])
    textures = tf.where(cloudy[:, None, None, None], clouds, gradients)
    base = _tensor(np.where(dark, 0.08, 0.58)[:, None, None, None])
    return base + 0.34 * textures


def _tensor(array):
    return tf.constant(array, tf.float32)


def read(
    size=None, channels=None, mode="stretch", cache_dir=None, data_dir=None
):
    """Read the scenes, preparing them at the first use.

    Where `data_dir` can't be written, they are prepared in a temporary
    folder.

    Args:
        size: the side wanted, or `(height, width)`; None is 32.
        channels: 1, 3, or None for 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        data_dir: TFDS's folder; its own default if None.

    Returns:
        The `MultiExamples`, with official splits; ids are `side/000123`.
    """
    size = (size, size) if isinstance(size, int) else tuple(size or [SIDE] * 2)
    return tfds_sets.read_own(
        Scenes,
        data_dir,
        lambda builder: _read(builder, size, channels or 3, mode, cache_dir),
    )


def _read(builder, size, channels, mode, cache_dir):
    total = sum(SIZES.values())
    array = examples.allocate((total, *size, channels), cache_dir)
    labels = np.zeros((total, len(LABELS)), np.int8)
    official, start = {}, 0
    for side, count in SIZES.items():
        official[side] = np.arange(start, start + count)
        data = builder.as_dataset(split=side, shuffle_files=False)
        for batch in data.batch(_BATCH):
            rows = slice(start, start + len(batch["image"]))
            array[rows] = decode.resize(batch["image"], size, channels, mode)
            labels[rows] = batch["labels"]
            start = rows.stop
    return multi_examples.MultiExamples(
        array,
        labels,
        [f"{side}/{i:06d}" for side, n in SIZES.items() for i in range(n)],
        list(LABELS),
        official,
    )
