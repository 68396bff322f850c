"""What a classifier finds in the windows of a large picture."""

import dataclasses
import typing

import matplotlib
import numpy as np
from matplotlib import colors, patches, ticker

from kerasnotes import errors
from kerasnotes.plots import figures

_NAMED = 10  # Classes with a colour of their own.
_OTHER = "#9aa0a8"
_SIDE = 3.2


@dataclasses.dataclass(frozen=True)
class Panel:
    """The windows of one size.

    Attributes:
        labels: the class of each window, int `[rows, columns]`.
        sure: its probability, `[rows, columns]`.
        window: height and width of a window, in pixels of the picture.
        stride: pixels between two windows, down and across.
    """

    labels: typing.Any
    sure: typing.Any
    window: tuple
    stride: tuple

    @property
    def extent(self):
        """Where the map lies, each cell around its window's centre."""
        rows, columns = self.labels.shape
        top, left = (
            (w - s) / 2 for w, s in zip(self.window, self.stride, strict=True)
        )
        right, bottom = (
            left + columns * self.stride[1],
            top + rows * self.stride[0],
        )
        return left, right, bottom, top


def score_maps(picture, panels, classes, rows):
    """Draws each size's classes over the picture, and how sure they are.

    The upper row has a colour for each class that many windows are given,
    the stronger the surer; the lower row the probability alone.

    Args:
        picture: uint8 `[height, width, 1 or 3]`.
        panels: a `Panel` for each size of window.
        classes: a name for each class.
        rows: of each window kept its box `[left, top, right, bottom]`, its
            class, and a text for it; the best first.

    Returns:
        A `matplotlib.figure.Figure`.

    >>> panel = Panel(np.zeros((2, 3), int), np.ones((2, 3)), (4, 4), (2, 2))
    >>> figure = score_maps(np.zeros((6, 8, 1), "uint8"), [panel],
    ...     ["cat", "dog"], [([0, 0, 4, 4], 0, "cat, 100 %")])
    >>> panel.extent, len(figure.axes)
    ((1.0, 7.0, 5.0, 1.0), 5)
    """
    height, width = picture.shape[:2]
    shape = _side(width, height), _side(height, width)
    columns = len(panels) + 1
    figure = figures.Figure(
        figsize=(shape[0] * columns + 0.8, 2 * shape[1] + 0.5),
        layout="compressed",
    )
    axes = figure.subplots(2, columns)
    title = f"{len(rows)} {errors.plural('window', len(rows))} kept"
    _frame(axes[0, 0], picture.squeeze(), title)
    colour = _colours(panels, len(classes))
    # The best lies on top.
    for box, label, text in reversed(rows):
        _box(axes[0, 0], box, text, colour.get(int(label), _OTHER))
    _legend(axes[1, 0], colour, classes)
    for i, panel in enumerate(panels):
        title = "windows of {}×{} pixels".format(
            *(round(side) for side in panel.window[::-1])
        )
        for row, name in zip(axes[:, i + 1], (title, ""), strict=True):
            _frame(row, _paled(picture), name)
        _classes(axes[0, i + 1], panel, colour, len(classes))
        heat = axes[1, i + 1].imshow(
            panel.sure,
            extent=panel.extent,
            cmap="inferno",
            vmin=0,
            vmax=1,
            alpha=0.8,
            interpolation="nearest",
        )
    for row in [axes[0, 0], *axes[:, 1:].flat]:
        row.set(xlim=(0, width), ylim=(height, 0))
    _bar(figure, heat, axes[1, -1])
    return figure


def _side(one, other):
    """Return the inches of a panel's side, of its pixels and the other's."""
    return max(_SIDE * min(1, one / other), _SIDE / 2)


def _colours(panels, count):
    """Return a colour for each of the classes that windows are given."""
    votes = sum(
        np.bincount(
            np.ravel(p.labels), weights=np.ravel(p.sure) ** 4, minlength=count
        )
        for p in panels
    )
    named = [i for i in np.argsort(-votes)[:_NAMED] if votes[i]]
    palette = list(matplotlib.colormaps["tab10"].colors)
    palette[7] = figures.INK  # Grey are the picture and the other classes.
    return {int(i): palette[k] for k, i in enumerate(sorted(named))}


def _paled(picture):
    """Return the picture in light grey, for colours to show on."""
    grey = 255 - (255 - picture.mean(axis=-1)) * 0.45
    return grey.astype("uint8")


def _frame(axes, picture, title):
    height, width = picture.shape[:2]
    axes.imshow(
        picture, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0)
    )
    axes.set_title(title, fontsize=9, color=figures.INK)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(figures.RULE)


def _classes(axes, panel, colour, count):
    chance = 1 / count
    surer = np.clip((panel.sure - chance) / (1 - chance), 0, 1)
    shades = [colors.to_rgb(colour.get(i, _OTHER)) for i in range(count)]
    cells = np.array(shades)[panel.labels]
    axes.imshow(
        np.dstack([cells, 0.85 * surer**3]),
        extent=panel.extent,
        interpolation="nearest",
    )


def _box(axes, box, text, colour):
    left, top, right, bottom = box
    axes.add_patch(
        patches.Rectangle(
            (left, top),
            right - left,
            bottom - top,
            fill=False,
            edgecolor=colour,
            linewidth=2,
        )
    )
    axes.annotate(
        figures.label(text),
        (left, top),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=7,
        color="white",
        parse_math=False,
        va="bottom",
        bbox={"boxstyle": "square,pad=0.2", "fc": colour, "ec": "none"},
    )


def _legend(axes, colour, classes):
    marks = [
        patches.Patch(color=shade, label=figures.label(classes[i], 16))
        for i, shade in colour.items()
    ]
    if len(colour) < len(classes):
        marks.append(patches.Patch(color=_OTHER, label="every other class"))
    legend = axes.legend(
        handles=marks,
        title="class, the stronger the surer",
        loc="center",
        ncols=2,
        frameon=False,
        fontsize=8,
        title_fontsize=9,
        labelcolor=figures.INK,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    axes.set_axis_off()


def _bar(figure, heat, axes):
    bar = figure.colorbar(heat, ax=axes, aspect=18, pad=0.03)
    bar.ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    bar.ax.tick_params(labelsize=8, colors=figures.MUTED, length=0)
    bar.set_label("its probability", fontsize=9, color=figures.MUTED)
    bar.outline.set_visible(False)
