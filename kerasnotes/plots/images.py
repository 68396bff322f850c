"""Pictures side by side, and small ones for galleries."""

import io

import numpy as np
from PIL import Image

from kerasnotes.plots import figures


def grid(images, titles=None, columns=8, side=1.2):
    """Draws pictures in rows, tiny ones enlarged pixel by pixel.

    A batch before and after augmentation is `grid(before + after,
    columns=len(before))`.

    Args:
        images: uint8 arrays `[height, width, 1 or 3]`, of any sizes.
        titles: a text for each picture, or None.
        columns: pictures a row.
        side: the room for each, in inches.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no pictures, a picture of another type or shape, or
            titles that are too few or too many.

    >>> figure = grid(np.zeros([3, 8, 8, 1], "uint8"), "abc", columns=2)
    >>> len(figure.axes)
    3
    """
    images = [_drawable(image) for image in images]
    titles = [""] * len(images) if titles is None else titles
    if not images or len(titles) != len(images):
        raise ValueError(
            "`images` needs one picture or more, and `titles` one for each. "
            f"Received: {len(images)} images, {len(titles)} titles"
        )
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = side + 0.24 * any(titles)
    figure = figures.Figure(figsize=(side * columns, height * rows))
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        row, column = divmod(i, columns)
        axes = figure.add_axes(
            (
                (column + 0.04) / columns,
                1 - (row + 1 - 0.05 / height) / rows,
                0.92 / columns,
                (side - 0.1) / height / rows,
            )
        )
        axes.imshow(
            image,
            cmap="gray",
            vmin=0,
            vmax=255,
        )
        axes.set_title(
            figures.label(title, 17),
            fontsize=9,
            pad=3,
            color=figures.INK,
            parse_math=False,
        )
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_color(figures.RULE)
    return figure


def thumbnail_png(image, size=128):
    """Return a picture as PNG bytes that fits in `size` by `size` pixels.

    A small one grows by a whole factor, so that its pixels stay square.

    Args:
        image: uint8 array `[height, width, 1 or 3]`.
        size: the longest side allowed, in pixels.

    Raises:
        ValueError: a picture of another type or shape.

    >>> data = thumbnail_png(np.zeros([8, 6, 1], "uint8"), size=100)
    >>> Image.open(io.BytesIO(data)).size
    (72, 96)
    """
    picture = Image.fromarray(_drawable(image))
    factor = size // max(picture.size)
    if factor:
        picture = picture.resize(
            [side * factor for side in picture.size], Image.Resampling.NEAREST
        )
    else:
        picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


def _drawable(image):
    """Return a checked picture, without the channel axis if it is grey."""
    image = np.asarray(image)
    if (
        image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[-1] not in (1, 3)
        or not image.size
    ):
        raise ValueError(
            "`image` must be uint8 of shape [height, width, 1 or 3]. "
            f"Received: {image.dtype} of shape {image.shape}"
        )
    return image.squeeze(-1) if image.shape[-1] == 1 else image
