"""Scenes of real digits with the class of each pixel, as a TFDS set."""

import numpy as np
import tensorflow_datasets as tfds

from kerasnotes.data.common import progress
from kerasnotes.data.common import tfds as tfds_sets
from kerasnotes.data.pictures import (
    decode,
    examples,
    mask_examples,
    mask_sizes,
)
from kerasnotes.data.pictures.readers import digit_scenes

SCENE = digit_scenes.Scene(
    48, (1, 3), (16, 32), 0.04, {"train": 2400, "dev": 400, "test": 400}
)
CLASSES = ["background", "ink"]
_BATCH = 200


class DigitMasks(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """48×48 pictures of up to three digits on clouds or gradients of colour.

    They are as those of `many_digits`, 16 to 32 pixels large; one in 25 has
    none. A pixel is ink where a digit covers three tenths of it or more, and
    else background. The digits of train, dev and test are those of the sides
    of `digits`, so that no digit lies on two sides.
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        side = SCENE.side
        features = {
            "image": tfds.features.Image(shape=(side, side, 3)),
            "segmentation_mask": tfds.features.Image(
                shape=(side, side, 1), use_colormap=True
            ),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(features),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {side: self._generate_examples(side) for side in SCENE.sizes}

    def _generate_examples(self, side):
        scenes = digit_scenes.opacities(SCENE, side)
        for key, (picture, shown, _) in enumerate(scenes):
            mask = ink(shown)[..., None]
            yield key, {"image": picture, "segmentation_mask": mask}


def ink(shown):
    """Return the class of each pixel of a scene, uint8 `[side, side]`.

    Args:
        shown: how much of each pixel shows each digit, `[most, side, side]`.

    >>> ink(np.array([[[0.2, 0.3, 0.5]], [[0.0, 0.0, 0.4]]]))
    array([[0, 1, 1]], dtype=uint8)
    """
    return (np.max(shown, axis=0) >= digit_scenes.INK).astype(np.uint8)


def read(
    size=None,
    channels=None,
    mode="stretch",
    cache_dir=None,
    data_dir=None,
    cache="auto",
):
    """Read the scenes, preparing them at the first use.

    Where `data_dir` can't be written, they are prepared in a temporary
    folder.

    Args:
        size: the side wanted, or `(height, width)`; None is their own.
        channels: 1, 3, or None for 3.
        mode: see `decode.resize`.
        cache_dir: where a large set goes, see `examples.allocate`.
        data_dir: TFDS's folder; its own default if None.
        cache: see `examples.keeps`; they are always kept.

    Returns:
        The `MaskExamples`, with official splits; ids are `side/000123`.
    """
    side = SCENE.side
    size = (size, size) if isinstance(size, int) else tuple(size or [side] * 2)
    cache = "auto" if cache == "none" else cache
    return tfds_sets.read_own(
        DigitMasks,
        data_dir,
        lambda builder: _read(
            builder, size, channels or 3, mode, cache_dir, cache
        ),
    )


def _read(builder, size, channels, mode, cache_dir, cache):
    total = sum(SCENE.sizes.values())
    images = examples.allocate((total, *size, channels), cache_dir, cache)
    masks = examples.allocate((total, *size), cache_dir, cache)
    official, start = {}, 0
    for split, count in SCENE.sizes.items():
        official[split] = np.arange(start, start + count)
        data = builder.as_dataset(split=split, shuffle_files=False)
        batches = progress.progress(
            data.batch(_BATCH), -(-count // _BATCH), f"batches {split}"
        )
        for batch in batches:
            rows = slice(start, start + len(batch["image"]))
            images[rows] = decode.resize(batch["image"], size, channels, mode)
            labels = batch["segmentation_mask"].numpy()[..., 0]
            masks[rows] = mask_sizes.resize(labels, size, mode)
            start = rows.stop
    return mask_examples.MaskExamples(
        images,
        masks,
        [
            f"{side}/{i:06d}"
            for side, n in SCENE.sizes.items()
            for i in range(n)
        ],
        list(CLASSES),
        official,
        own_size=(SCENE.side, SCENE.side),
        mode=mode,
        sizes=np.full((total, 2), SCENE.side, np.int32),
    )
