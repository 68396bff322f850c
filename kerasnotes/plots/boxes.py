"""Boxes and landmarks drawn on pictures: the truth, or answers beside it."""

import io
import re

import matplotlib
import numpy as np
from matplotlib import patches, patheffects
from PIL import Image, ImageDraw

from kerasnotes.plots import figures, images

_COLOURS = matplotlib.colormaps["tab20"].colors[::2]
# The height of a name, as a share of the picture's.
_ROOM = 0.05
_DOTS = ("o", "s", "^", "v", "D", "P", "X", "*")


def boxes(
    pictures, rows, titles=None, points=None, columns=4, side=2.4, dashed=False
):
    """Draws pictures with their boxes, a colour for each class.

    Args:
        pictures: uint8 arrays `[height, width, 1 or 3]`, of any sizes.
        rows: for each picture a list of `(box, label)`: `xyxy` in its pixels,
            from edges, and a text of any script; "" for none. A score
            behind a class, as in "cat 0.87", makes no other colour.
        titles: a text for each picture, or None.
        points: for each picture a list of landmarks, arrays `[k, 2]` of x and
            y, the first pixel's centre being 0, with NaN where one isn't
            visible; each of the k has a mark of its own. Or None.
        columns: pictures a row.
        side: the room for each, in inches.
        dashed: whether boxes are dashed, as for answers.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no pictures, or lists of another length.

    >>> picture = np.zeros([8, 8, 3], "uint8")
    >>> figure = boxes([picture], [[((1, 1, 4, 5), "cell")]])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['cell']
    """
    pictures = list(pictures)
    points = [[] for _ in pictures] if points is None else points
    if not len(pictures) == len(rows) == len(points):
        raise ValueError(
            "`rows` and `points` have one list for each picture. Received: "
            f"{len(pictures)} pictures, {len(rows)} and {len(points)} lists"
        )
    figure = images.grid(pictures, titles, columns, side)
    labels = {label for row in rows for _, label in row}
    kinds = sorted({_kind(label) for label in labels})
    colours = {
        label: _COLOURS[kinds.index(_kind(label)) % len(_COLOURS)]
        for label in labels
    }
    for axes, row, marks in zip(figure.axes, rows, points, strict=True):
        draw(axes, row, colours, dashed)
        for places in marks:
            _draw_points(axes, np.asarray(places, float))
    return figure


def _kind(label):
    """Return a label without the score behind it."""
    return re.sub(r" [01]\.\d\d$", "", label)


def thumbnail_png(picture, truth, answers, size=192):
    """Return a small picture with boxes as PNG bytes.

    Args:
        picture: uint8 array `[height, width, 1 or 3]`.
        truth: boxes, `xyxy` in its pixels, that are drawn green.
        answers: boxes that are drawn red, over the others.
        size: see `images.thumbnail_png`.

    >>> png = thumbnail_png(np.zeros([8, 8, 1], "uint8"), [(1, 1, 4, 5)], [])
    >>> Image.open(io.BytesIO(png)).size
    (192, 192)
    """
    data = images.thumbnail_png(picture, size)
    small = Image.open(io.BytesIO(data)).convert("RGB")
    scale = np.divide(small.size, picture.shape[1::-1])
    pen = ImageDraw.Draw(small)
    for rows, colour in ((truth, "#1a9850"), (answers, "#d7191c")):
        for box in rows:
            left, top, right, bottom = np.multiply(box, [*scale, *scale])
            if right > left and bottom > top:
                last = max(left, right - 1), max(top, bottom - 1)
                pen.rectangle((left, top, *last), outline=colour, width=2)
    data = io.BytesIO()
    small.save(data, "PNG", optimize=True)
    return data.getvalue()


def draw(axes, row, colours, dashed=False):
    """Draw boxes over a picture that is shown already.

    Args:
        axes: a `matplotlib.axes.Axes`.
        row: see `boxes`.
        colours: dictionary of label to colour.
        dashed: see `boxes`.
    """
    for (left, top, right, bottom), label in row:
        # `imshow` has the first pixel's centre at 0.
        axes.add_patch(
            patches.Rectangle(
                (left - 0.5, top - 0.5),
                right - left,
                bottom - top,
                fill=False,
                edgecolor=colours[label],
                linewidth=1.2,
                linestyle="--" if dashed else "-",
                path_effects=_halo(2.4),
            )
        )
        if label:
            # At the upper border there is no room above.
            height = max(axes.get_ylim()) + 0.5
            inside = top < _ROOM * height
            axes.text(
                left - 0.5,
                top - 0.5,
                figures.label(label, 18),
                fontsize=6,
                color=colours[label],
                verticalalignment="top" if inside else "bottom",
                clip_on=True,
                parse_math=False,
                path_effects=_halo(1.6),
            )


def _draw_points(axes, places):
    for i, (x, y) in enumerate(places):
        if np.isfinite(x + y):
            axes.plot(
                [x],
                [y],
                _DOTS[i % len(_DOTS)],
                markersize=3.5,
                markerfacecolor=_COLOURS[i % len(_COLOURS)],
                markeredgecolor="white",
                markeredgewidth=0.5,
            )


def _halo(width):
    """Return what sets a line off from dark and light pictures alike."""
    return [
        patheffects.Stroke(linewidth=width, foreground="white"),
        patheffects.Normal(),
    ]
