"""Masks drawn over pictures: the truth, answers, and where they differ."""

import io

import matplotlib
import numpy as np
from matplotlib import patches
from PIL import Image

from kerasnotes.plots import figures, images

_BACKGROUND = (0, 0, 0)
_STRONG = 0.55
_MISSED, _EXTRA = (26, 152, 80), (215, 25, 28)


def colours(count, chosen=None):
    """Return the colour of each class, uint8 `[count, 3]`.

    Args:
        count: the number of classes.
        chosen: those that the data have, or None: black, then ones that are
            easily told apart.

    >>> colours(3).tolist()
    [[0, 0, 0], [31, 119, 180], [255, 127, 14]]
    """
    if chosen:
        return np.array(chosen, np.uint8)
    wheel = matplotlib.colormaps["tab20"].colors
    wheel = [*wheel[::2], *wheel[1::2]]
    rows = [wheel[i % len(wheel)] for i in range(count - 1)]
    rows = np.round(255 * np.array(rows).reshape(-1, 3)).astype(np.uint8)
    return np.concatenate([np.array([_BACKGROUND], np.uint8), rows])


def overlay(picture, mask, palette, strong=_STRONG):
    """Return a picture with the colours of the classes over it.

    The first class is left as it is, and pixels that don't count are hatched.

    Args:
        picture: uint8 `[height, width, 1 or 3]`.
        mask: the class of each pixel, integers `[height, width]`; what is no
            class doesn't count.
        palette: uint8 `[classes, 3]`.
        strong: how much of the colour shows.

    Returns:
        uint8 `[height, width, 3]`.

    >>> grey = np.full([1, 2, 1], 100, "uint8")
    >>> overlay(grey, np.array([[0, 1]]), colours(2), 0.5).tolist()
    [[[100, 100, 100], [65, 109, 140]]]
    """
    picture = picture + np.zeros([1, 1, 3], np.uint8)
    mask = np.asarray(mask)
    known = (mask >= 0) & (mask < len(palette))
    colour = palette[np.where(known, mask, 0)]
    mixed = (1 - strong) * picture + strong * colour
    result = np.where((known & (mask > 0))[..., None], mixed, picture)
    rows, columns = np.indices(mask.shape)
    hatched = ~known & ((rows + columns) % 4 < 2)
    result[hatched] = 0.5 * result[hatched] + 64
    return result.astype(np.uint8)


def differences(picture, truth, answer):
    """Return a picture in grey with the wrong pixels in colour.

    With two classes, green is what is missed and red what is answered beyond
    it; with more, all wrong pixels are red.

    Args:
        picture: see `overlay`.
        truth: the true classes, `[height, width]`; what is negative doesn't
            count.
        answer: the answered ones.

    >>> grey = np.full([1, 2, 1], 100, "uint8")
    >>> differences(grey, np.array([[0, -1]]), np.array([[1, 1]])).tolist()
    [[[215, 25, 28], [178, 178, 178]]]
    """
    grey = np.asarray(picture, float).mean(-1, keepdims=True)
    result = (128 + grey / 2 + np.zeros([1, 1, 3])).astype(np.uint8)
    wrong = (truth >= 0) & (truth != answer)
    result[wrong] = _EXTRA
    result[wrong & (answer == 0)] = _MISSED
    return result


def grid(pictures, masks, names, palette, columns=4, side=2.4):
    """Draws pictures with their masks, and a legend of the classes.

    Args:
        pictures: uint8 arrays `[height, width, 1 or 3]`.
        masks: the class of each of their pixels.
        names: of the classes.
        palette: uint8 `[classes, 3]`.
        columns: pictures a row; each is shown as it is, and with its mask.
        side: the room for each, in inches.

    Returns:
        A `matplotlib.figure.Figure`.

    >>> picture = np.zeros([8, 8, 3], "uint8")
    >>> mask = np.zeros([8, 8], int)
    >>> figure = grid([picture], [mask], ["sky", "sea"], colours(2))
    >>> len(figure.axes)
    2
    """
    shown = []
    for picture, mask in zip(pictures, masks, strict=True):
        shown += [picture, overlay(picture, mask, palette)]
    figure = images.grid(shown, columns=2 * columns, side=side / 2)
    return with_legend(figure, names, palette)


def with_legend(figure, names, palette):
    """Put a legend of the classes below a figure, and return the figure.

    Args:
        figure: the `matplotlib.figure.Figure`.
        names: of the classes.
        palette: uint8 `[classes, 3]`.
    """
    marks = [
        patches.Patch(
            facecolor=colour / 255,
            edgecolor=figures.RULE,
            label=figures.label(name, 18),
        )
        for name, colour in zip(names, palette, strict=True)
    ]
    figure.legend(
        handles=marks[:20],
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=min(len(marks), 5),
        fontsize=7,
        frameon=False,
    )
    return figure


def square_png(pictures, size=160):
    """Return four pictures of one size, two by two, as PNG bytes.

    Args:
        pictures: uint8 arrays `[height, width, 1 or 3]`.
        size: the longest side of each, in pixels.

    >>> png = square_png([np.zeros([8, 4, 3], "uint8")] * 4, 16)
    >>> Image.open(io.BytesIO(png)).size
    (18, 34)
    """
    parts = [
        Image.open(io.BytesIO(images.thumbnail_png(picture, size)))
        for picture in pictures
    ]
    width, height = parts[0].size
    square = Image.new("RGB", (2 * width + 2, 2 * height + 2), "white")
    for i, part in enumerate(parts):
        row, column = divmod(i, 2)
        place = column * (width + 2), row * (height + 2)
        square.paste(part.convert("RGB"), place)
    data = io.BytesIO()
    square.save(data, "PNG", optimize=True)
    return data.getvalue()


def palette_png(mask, palette):
    """Return a mask as the bytes of a PNG with a palette.

    Args:
        mask: the class of each pixel, uint8 `[height, width]`.
        palette: uint8 `[classes, 3]`.

    >>> png = palette_png(np.array([[0, 1]], "uint8"), colours(2))
    >>> image = Image.open(io.BytesIO(png))
    >>> image.mode, np.asarray(image).tolist()
    ('P', [[0, 1]])
    """
    image = Image.fromarray(np.asarray(mask, np.uint8))
    image.putpalette(np.asarray(palette, np.uint8).ravel().tolist())
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()
