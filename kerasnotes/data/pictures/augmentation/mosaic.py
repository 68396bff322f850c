"""Mosaic: four pictures in one, and their boxes with them.

Source: A. Bochkovskiy et al., "YOLOv4: Optimal Speed and Accuracy of Object
Detection", 2020, section 3.3.
"""

import dataclasses

import tensorflow as tf

_GREY = 114.0


@dataclasses.dataclass(frozen=True)
class Mosaic:
    """Puts four pictures of a batch around a point, for a share of pictures.

    The picture and the three after it in the batch, the last's next being the
    first, lie upper left, upper right, lower left and lower right of a point
    m, each with its own scale s and its corner at m: what was at p is at
    `m + s (p - c)`, c being that corner. Each shows only in its quarter; what
    none covers is grey.

    Args:
        share: of the pictures, that which becomes a mosaic.
        scale: the least and the largest scale, up to 1.
        middle: how far m may lie from the centre, as a share of the side.

    Call arguments:
        pictures: `[b, h, w, c]`, of any type.
        numbers: uniform random numbers in [0, 1), `[b, width]`.

    Returns:
        The pictures, float32, and the `Tiles` by which boxes and points of
        the same batch follow.

    Raises:
        ValueError: an argument is out of its range.

    >>> mosaic = Mosaic(share=1.0, scale=(0.5, 0.5), middle=0.0)
    >>> shades = 10.0 * tf.range(4.0)[:, None, None, None]
    >>> pictures = shades * tf.ones([4, 4, 4, 1])
    >>> mixed, _ = mosaic(pictures, tf.fill([4, mosaic.width], 0.5))
    >>> mixed[1, ..., 0].numpy()[::3, ::3].tolist()
    [[10.0, 20.0], [30.0, 0.0]]
    """

    share: float = 1.0
    scale: tuple = (0.5, 1.0)
    middle: float = 0.2

    width = 7
    """The random numbers that each picture needs; the first says whether."""

    def __post_init__(self):
        for name, least, most in (("share", 0, 1), ("middle", 0, 0.5)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(
                    f"`{name}` lies between {least} and {most}. "
                    f"Received: {value}"
                )
        least, most = self.scale
        if not 0 < least <= most <= 1:
            raise ValueError(
                "`scale` is two numbers, the smaller first, above 0 and up to "
                f"1. Received: {self.scale}"
            )

    def __call__(self, pictures, numbers):
        """Return the pictures and their `Tiles`."""
        pictures = tf.cast(pictures, tf.float32)
        height, width = pictures.shape[1:3]
        which = numbers[:, 0] < self.share
        side = tf.constant([width, height], tf.float32)
        middles = 0.5 + self.middle * (2.0 * numbers[:, 1:3] - 1.0)
        # Between pixels, each pixel is of one quarter.
        middles = tf.round(middles * side)
        least, most = self.scale
        scales = least + (most - least) * numbers[:, 3:7]
        tiles = Tiles(which, middles, scales, (height, width))
        return tiles.pictures(pictures), tiles


@dataclasses.dataclass(frozen=True)
class Tiles:
    """Where the pictures of a batch lie in its mosaics.

    Args:
        which: which pictures are mosaics, bool `[b]`.
        middles: x and y of their points m, from edges, `[b, 2]`.
        scales: those of the four pictures, `[b, 4]`.
        size: height and width of all pictures.
    """

    which: tf.Tensor
    middles: tf.Tensor
    scales: tf.Tensor
    size: tuple

    def _places(self):
        """Return scales, offsets and quarters, `[b, 4, 1]`, 2 and 4."""
        side = tf.constant([self.size[1], self.size[0]], tf.float32)
        far = tf.constant([[0, 0], [1, 0], [0, 1], [1, 1]], tf.float32)
        middles, scales = self.middles[:, None], self.scales[..., None]
        offsets = middles - scales * side * (1.0 - far)
        first = far * middles
        last = (1.0 - far) * middles + far * side
        plain = ~self.which[:, None, None]
        scales = tf.where(plain, 1.0, scales)
        offsets = tf.where(plain, 0.0, offsets)
        first = tf.where(plain, 0.0, first)
        last = tf.where(plain, side, last)
        return scales, offsets, tf.concat([first, last], -1)

    def pictures(self, pictures):
        """Return the mosaics, and the other pictures as they are."""
        height, width = self.size
        scales, offsets, quarters = self._places()
        shown = _scaled(pictures, scales, offsets)
        inside = [
            (tf.range(side, dtype=tf.float32) >= quarters[..., low, None])
            & (tf.range(side, dtype=tf.float32) < quarters[..., low + 2, None])
            for low, side in ((0, width), (1, height))
        ]
        inside = inside[1][..., :, None] & inside[0][..., None, :]
        mosaics = tf.reduce_sum(tf.where(inside[..., None], shown, 0.0), 1)
        return tf.where(self.which[:, None, None, None], mosaics, pictures)

    def boxes(self, boxes):
        """Move boxes, and join those of the four pictures.

        Args:
            boxes: `xyxy` in pixels of the pictures, float32 ragged
                `[b, (n), 4]`.

        Returns:
            Ragged `[b, (m), 4]` of all four pictures' boxes in their order,
            each clipped to its quarter (of one that shows nothing there, no
            area is left), and what share of each box's area is left, ragged
            `[b, (m)]`. Of other pictures, the boxes as they are.
        """
        flat, build, (scale, offset, quarter) = self._objects(boxes)
        moved = flat * scale + tf.tile(offset, [1, 2])
        clipped = tf.clip_by_value(
            moved,
            tf.tile(quarter[:, :2], [1, 2]),
            tf.tile(quarter[:, 2:], [1, 2]),
        )
        share = tf.math.divide_no_nan(_area(clipped), _area(moved))
        return build(clipped), build(share)

    def points(self, points, visible):
        """Move points, and join those of the four pictures.

        Args:
            points: x and y in pixels, the first one's centre being 0, ragged
                `[b, (n), k, 2]`.
            visible: which of them are visible, bool ragged `[b, (n), k]`.

        Returns:
            The points `[b, (m), k, 2]` in the order of the boxes, and which
            are visible and in their quarter.
        """
        flat, build, (scale, offset, quarter) = self._objects(points)
        moved = (flat + 0.5) * scale[:, None] + offset[:, None]
        inside = (moved >= quarter[:, None, :2]) & (
            moved <= quarter[:, None, 2:]
        )
        inside = tf.reduce_all(inside, -1)
        flags = self._objects(visible)[0] & inside
        return build(moved - 0.5), build(flags)

    def of_all(self, values):
        """Join what else the objects of the four pictures have.

        Args:
            values: ragged `[b, (n), …]`.
        """
        flat, build, _ = self._objects(values)
        return build(flat)

    def _objects(self, values):
        """Return the objects of all tiles, in the order of the mosaics.

        Returns:
            Their values, a function that makes such values ragged
            `[b, (m), …]`, and the scale, offset and quarter of each.
        """
        # A plain picture is one tile of itself.
        tiles = tf.where(self.which[:, None] | (tf.range(4) == 0))
        count = tf.shape(self.which, tf.int64)[0]
        parts = tf.gather(values, tf.reduce_sum(tiles, 1) % count)
        rows = tf.gather(tiles, parts.value_rowids())

        def build(flat):
            return tf.RaggedTensor.from_value_rowids(
                flat, rows[:, 0], count, validate=False
            )

        places = (tf.gather_nd(place, rows) for place in self._places())
        return parts.flat_values, build, tuple(places)


def _area(boxes):
    return tf.reduce_prod(tf.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), -1)


def _scaled(pictures, scales, offsets):
    """Draw the four pictures of each mosaic, bilinear; grey around.

    Returns:
        float32 `[b, 4, h, w, c]`.
    """
    height, width, channels = pictures.shape[1:]
    count = tf.shape(pictures)[0]
    # The pixel q shows p = (q + 1/2 - offset) / scale - 1/2: of these, the
    # first and the last, as shares of the way between the outer centres.
    side = tf.constant([width, height], tf.float32)
    first = (0.5 - offsets) / scales - 0.5
    last = (side - 0.5 - offsets) / scales - 0.5
    ends = [tf.reverse(end / tf.maximum(side - 1.0, 1.0), [-1])
            for end in (first, last)]  # fmt: skip
    source = (tf.range(count)[:, None] + tf.range(4)) % count
    shown = tf.image.crop_and_resize(
        pictures,
        tf.reshape(tf.concat(ends, -1), [-1, 4]),
        tf.reshape(source, [-1]),
        [height, width],
        extrapolation_value=_GREY,
    )
    return tf.reshape(shown, [-1, 4, height, width, channels])
