"""The pixels of each object of a picture, eight to a byte."""

import numpy as np
import tensorflow as tf
from scipy import ndimage

from kerasnotes import errors
from kerasnotes.data.pictures import box_examples, mask_sizes

# Of pixels: what is smaller is taken for noise of the annotation.
_LEAST_SHARE = 1e-4
# A tensor would start TensorFlow on import, before its devices are set.
_BITS = np.array([128, 64, 32, 16, 8, 4, 2, 1], np.uint8)


def pack(masks):
    """Return masks with eight pixels of a row to a byte.

    Args:
        masks: bool `[…, height, width]`.

    >>> pack(np.array([[True, False, True]])).tolist()
    [[160]]
    """
    return np.packbits(np.asarray(masks, bool), axis=-1)


def unpack(packed, width):
    """Return packed masks as booleans, in the graph.

    Args:
        packed: uint8 `[…, ⌈width / 8⌉]`, a tensor.
        width: pixels of a row.

    >>> unpack(tf.constant([[160]], tf.uint8), 3).numpy().tolist()
    [[True, False, True]]
    """
    bits = tf.bitwise.bitwise_and(packed[..., None], _BITS) > 0
    shape = tf.concat([tf.shape(packed)[:-1], [-1]], 0)
    bits = tf.reshape(bits, shape)[..., :width]
    return tf.ensure_shape(bits, [*packed.shape[:-1], width])


def tight_boxes(masks):
    """Return the boxes around masks, and whether these have a pixel.

    Args:
        masks: bool `[n, height, width]`.

    Returns:
        `xyxy` from edges, float32 `[n, 4]`, 0 without a pixel; bool `[n]`.

    >>> boxes, there = tight_boxes(tf.constant([[[False, True, True]]]))
    >>> boxes.numpy().tolist(), there.numpy().tolist()
    ([[1.0, 0.0, 3.0, 1.0]], [True])
    """
    sides = []
    # Columns, which x counts, are what is left of all rows.
    for axis in (1, 2):
        line = tf.reduce_any(masks, axis)
        places = tf.range(tf.shape(line)[1])
        last = tf.reduce_max(tf.where(line, places + 1, 0), 1)
        first = tf.reduce_min(tf.where(line, places, last[:, None]), 1)
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    boxes = tf.stack([left, top, right, bottom], 1)
    return tf.cast(boxes, tf.float32), right > 0


def of_regions(examples, least_share=_LEAST_SHARE):
    """Return `BoxExamples` whose objects are regions of masks of classes.

    A region are the pixels of a class that are joined above, below, left or
    right; the first class is the ground, and no object. Objects of a class
    that touch are one. What doesn't count in the masks belongs to none.

    Args:
        examples: the `MaskExamples`.
        least_share: of a picture's pixels, what an object has at least.

    Raises:
        UserError: no picture has a region.

    >>> from kerasnotes.data.pictures.mask_examples import MaskExamples
    >>> masks = np.zeros((1, 4, 4), "uint8")
    >>> masks[0, 1, 1:3] = masks[0, 3, 0] = 1
    >>> regions = of_regions(MaskExamples(
    ...     np.zeros((1, 4, 4, 1), "uint8"), masks, ["a"], ["ground", "cell"]))
    >>> regions.boxes.to_list()
    [[[1.0, 1.0, 3.0, 2.0], [0.0, 3.0, 1.0, 4.0]]]
    """
    labels, boxes, masks, lengths, small = [], [], [], [], 0
    least = max(round(least_share * examples.labels[0].size), 1)
    for mask in examples.labels:
        regions = list(_regions(mask))
        large = [row for row in regions if row[1].sum() >= least]
        small += len(regions) - len(large)
        pixels = np.array([pixels for _, pixels in large], bool)
        pixels = pixels.reshape(-1, *mask.shape)
        masks.append(pack(pixels))
        boxes.append(tight_boxes(tf.constant(pixels))[0].numpy())
        labels.append([label - 1 for label, _ in large])
        lengths.append(len(large))
    height, width = examples.labels.shape[1:]
    shape = {"boxes": (0, 4), "masks": (0, height, -(-width // 8))}
    values = {"labels": labels, "boxes": boxes, "masks": masks}
    types = {"labels": np.int64, "boxes": np.float32, "masks": np.uint8}
    ragged = {
        name: tf.RaggedTensor.from_row_lengths(
            np.concatenate(
                [np.zeros(shape.get(name, 0), types[name]), *parts]
            ).astype(types[name]),
            np.array(lengths, np.int64),
        )
        for name, parts in values.items()
    }
    notes = [
        *examples.notes,
        "objects are the joined pixels of each class but "
        f"{examples.class_names[0]!r}; objects that touch are one",
    ]
    if small:
        notes.append(
            f"{small:,} {errors.plural('region', small)} below {least:,} "
            f"{errors.plural('pixel', least)}, left out"
        )
    return box_examples.BoxExamples(
        examples.images,
        ragged.pop("labels"),
        examples.ids,
        examples.class_names[1:],
        examples.official,
        examples.skipped,
        own_size=examples.own_size,
        sizes=examples.sizes,
        mode=examples.mode,
        notes=notes,
        **ragged,
    )


def _regions(mask):
    """Yield the class of each region of a mask, and its pixels."""
    for label in np.unique(mask):
        if label not in (0, mask_sizes.IGNORED):
            numbers, count = ndimage.label(mask == label)
            for number in range(1, count + 1):
                yield int(label), numbers == number
