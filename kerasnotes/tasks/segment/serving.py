"""Masks in the size of the photo that was sent, in the graph."""

import tensorflow as tf

from kerasnotes.data.pictures import decode
from kerasnotes.tasks.pictures import serving
from kerasnotes.tasks.segment import tiles
from kerasnotes.training import records

_BAND = 2**22


def photo_mask(probabilities, shape, mode, threshold=None):
    """Return the class of each pixel of a photo.

    The probabilities at the network's size are interpolated bilinearly at the
    centres of the photo's pixels, in bands of rows, so that a large photo
    with many classes fits into memory.

    Args:
        probabilities: float32 `[h, w, classes]`.
        shape: height and width of the photo, int32 `[2]`.
        mode: how it came to the network's size, see `decode.resize`.
        threshold: of two classes, the probability of the second from which
            on it is answered; None answers the likeliest.

    Returns:
        uint8 `[*shape, 1]`.

    >>> p = tf.constant([[[0.9, 0.1], [0.1, 0.9]]])
    >>> photo_mask(p, [1, 4], "stretch").numpy().ravel().tolist()
    [0, 0, 1, 1]
    >>> photo_mask(p, [1, 2], "stretch", 0.05).numpy().ravel().tolist()
    [1, 1]
    """
    size = tf.shape(probabilities)[:2]
    classes = probabilities.shape[-1]
    low_x, high_x, share_x = _neighbours(shape, size, mode, 1)
    low_y, high_y, share_y = _neighbours(shape, size, mode, 0)
    band = tf.maximum(_BAND // (shape[1] * classes), 1)

    def add(first, masks):
        rows = slice(first, first + band)
        share = share_y[rows, None, None]
        # A row of a picture is interpolated once, wherever it is needed.
        part = (1 - share) * tf.gather(probabilities, low_y[rows])
        part += share * tf.gather(probabilities, high_y[rows])
        share = share_x[:, None]
        part = (1 - share) * tf.gather(part, low_x, axis=1) + (
            share * tf.gather(part, high_x, axis=1)
        )
        mask = decide(part, threshold)
        return first + band, masks.write(masks.size(), mask)

    masks = tf.TensorArray(
        tf.uint8, 0, True, infer_shape=False, element_shape=[None, None]
    )
    _, masks = tf.while_loop(
        lambda first, _: first < shape[0],
        add,
        (0, masks),
        parallel_iterations=1,
    )
    return tf.ensure_shape(masks.concat(), [None, None])[..., tf.newaxis]


def decide(probabilities, threshold=None):
    """Return the answered class of each pixel, uint8 `[…]`.

    Args:
        probabilities: `[…, classes]`.
        threshold: see `photo_mask`.
    """
    if threshold is None:
        mask = tf.argmax(probabilities, -1, tf.int32)
    else:
        mask = probabilities[..., 1] >= threshold
    return tf.cast(mask, tf.uint8)


def _neighbours(shape, size, mode, axis):
    """Return the two rows that lie about each of the photo's, and a share."""
    part, place = decode.windows(shape, size, mode)
    first, length = (tf.cast(part[i], tf.float32) for i in (axis, axis + 2))
    start, count = (tf.cast(place[i], tf.float32) for i in (axis, axis + 2))
    rows = tf.range(tf.cast(shape[axis], tf.float32))
    at = (rows + 0.5 - first) * count / length + start - 0.5
    # What was added around the picture says nothing of it.
    at = tf.clip_by_value(at, start, start + count - 1)
    low = tf.floor(at)
    high = tf.minimum(low + 1, start + count - 1)
    return tf.cast(low, tf.int32), tf.cast(high, tf.int32), at - low


class Server:
    """Answers photos of any size with masks of their size.

    Args:
        model: the network; it returns logits.
        shape: height, width and channels of what it answers.
        names: of the classes.
        mode: how photos come to a size, see `decode.resize`.
        threshold: see `photo_mask`.
        size: height and width that photos are brought to before they are cut
            into tiles of the input's size; None leaves them as they are.
        tiled: whether photos are cut into tiles.
        context: the `mask_context.Context` of a network whose input is
            larger than that, or None.
    """

    def __init__(
        self,
        model,
        shape,
        names,
        mode,
        threshold=None,
        size=None,
        tiled=False,
        context=None,
    ):
        self._shape, self._names, self._mode = tuple(shape), names, mode
        self._threshold, self._size, self._tiled = threshold, size, tiled
        self._context = context
        size = context.inputs if context else self._shape[:2]
        self._inputs = (*size, self._shape[2])
        spec = tf.TensorSpec([None, *self._inputs], tf.float32)

        # Traced once, and once in a SavedModel, for all signatures.
        @tf.function(input_signature=[spec], autograph=False)
        def answers(pixels):
            logits = model(pixels, training=False)
            if context:
                logits = context.answers(logits)
            return tf.nn.softmax(tf.cast(logits, tf.float32))

        self._network = answers

    def outputs(self, pixels):
        """Return the probabilities of pictures, or of windows.

        Args:
            pixels: float32 `[b, *shape]`.
        """
        if self._context:
            pixels = self._context.mirrored(pixels)
        return self._network(pixels)

    def probabilities(self, pictures):
        """Return those of pictures at the size that they are brought to.

        Args:
            pictures: float32 `[b, h, w, c]`.
        """
        if not self._tiled:
            return self.outputs(pictures)
        shape = [*pictures.shape[1:3], len(self._names)]
        return tf.map_fn(
            self._blended,
            pictures,
            fn_output_signature=tf.TensorSpec(shape, tf.float32),
        )

    def _blended(self, picture):
        return tiles.blended(
            self._network,
            picture,
            self._shape[:2],
            len(self._names),
            self._context,
        )

    def signatures(self):
        """Return the signatures.

        `serving_default` takes `image_bytes`, encoded photos, and `images`
        uint8 photos of one size. Both give `mask`, a grey PNG of each photo's
        size whose values are the classes' numbers, their `labels`, and
        `areas`, the pixels of each. `model_inputs` takes `pixels`, float32
        0–255 in the size of the network's input, with what is around the
        picture where it sees that, and gives the picture's `probabilities`.
        """
        channels = self._shape[-1]
        any_size = [None, None, channels]
        specs = {
            "serving_default": (
                self._from_bytes, [], tf.string, "image_bytes",
            ),
            "images": (self._from_images, any_size, tf.uint8, "images"),
            "model_inputs": (
                lambda pixels: {"probabilities": self._network(pixels)},
                self._inputs, tf.float32, "pixels",
            ),
        }  # fmt: skip
        return {
            name: records.Signature(
                function, (tf.TensorSpec([None, *shape], dtype, argument),)
            )
            for name, (function, shape, dtype, argument) in specs.items()
        }

    def _from_bytes(self, image_bytes):
        if self._tiled:
            return self._answers(
                lambda data: self._tiled_mask(decode.decode(data)), image_bytes
            )

        def decoded(data):
            picture = decode.decode(data)
            return self._resized(picture), tf.shape(picture)[:2]

        pixels, shapes = tf.map_fn(
            decoded,
            image_bytes,
            fn_output_signature=(
                tf.TensorSpec(self._shape, tf.float32),
                tf.TensorSpec([2], tf.int32),
            ),
        )
        return self._answers(self._mask, (self.outputs(pixels), shapes))

    def _from_images(self, images):
        if self._tiled:
            return self._answers(self._tiled_mask, images)
        sent = tf.shape(images)
        shapes = tf.tile(sent[None, 1:3], [sent[0], 1])
        outputs = self.outputs(self._resized(images))
        return self._answers(self._mask, (outputs, shapes))

    def _mask(self, answer):
        probabilities, shape = answer
        return photo_mask(probabilities, shape, self._mode, self._threshold)

    def _tiled_mask(self, picture):
        channels = self._shape[-1]
        shape = tf.shape(picture)[:2]
        size = shape if self._size is None else self._size
        pixels = decode.resize(picture, size, channels, self._mode)
        probabilities = self._blended(tf.cast(pixels, tf.float32))
        return self._mask((probabilities, shape))

    def _resized(self, pictures):
        *size, channels = self._shape
        pixels = decode.resize(pictures, size, channels, self._mode)
        return tf.cast(pixels, tf.float32)

    def _answers(self, mask_of, elements):
        """Return what is served, of a function of each photo to its mask."""
        count = len(self._names)

        def answer(element):
            mask = mask_of(element)
            areas = tf.math.bincount(
                tf.reshape(tf.cast(mask, tf.int32), [-1]), minlength=count
            )
            return tf.io.encode_png(mask), areas[:count]

        masks, areas = tf.map_fn(
            answer,
            elements,
            fn_output_signature=(
                tf.TensorSpec([], tf.string),
                tf.TensorSpec([count], tf.int32),
            ),
        )
        labels = serving.classes(self._names, areas)
        return {"mask": masks, "labels": labels, "areas": areas}
