"""The confusion matrix as a picture."""

import math

import numpy as np
from matplotlib import colors, ticker

from kerasnotes.plots import figures

_POINTS = 72
_LETTER = 0.62  # width of a character, as a share of the font's size


def confusion(matrix, class_names):
    """Draws how often each class was taken for each other one.

    Colour is the share of the true class, `m_ij / Σ_j m_ij`, on a
    square-root scale, so that rare mistakes show; cells hold counts where
    they fit. With many classes the names are thinned out.

    Args:
        matrix: counts, `[classes, classes]`, true by predicted.
        class_names: a name for each class.

    Returns:
        A `matplotlib.figure.Figure` whose size grows with the classes.

    Raises:
        ValueError: the matrix isn't square, or the names are too few.

    >>> figure = confusion([[9, 1], [0, 5]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9', '1', '5']
    """
    matrix = np.asarray(matrix)
    count = len(class_names)
    if matrix.shape != (count, count) or not count:
        raise ValueError(
            "`matrix` must be square, with one name in `class_names` for "
            f"each row. Received: shape {matrix.shape} and {count} names"
        )
    names = [figures.label(name, 24) for name in class_names]
    side = min(max(0.48 * count, 2.4), 9.0)
    margin = _width(names, 9)
    figure = figures.Figure(
        figsize=(side + 1.7 + margin, side + 0.6 + margin),
        layout="constrained",
    )
    axes = figure.add_subplot()
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.where(totals == 0, 1, totals)
    image = axes.imshow(
        shares,
        cmap="Blues",
        norm=colors.PowerNorm(0.5, vmin=0, vmax=1),
        interpolation="nearest",
    )
    _counts(axes, matrix, shares, side / count)
    _names(axes, names, side / count)
    _scale_bar(figure, image, axes)
    return figure


def _counts(axes, matrix, shares, cell):
    texts = {
        at: f"{matrix[at]:g}" for at in zip(*matrix.nonzero(), strict=True)
    }
    longest = max(map(len, texts.values()), default=1)
    size = min(10, 0.85 * cell * _POINTS / (_LETTER * longest))
    if size < 4.5:
        return
    for (row, column), text in texts.items():
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=size,
            color="white" if shares[row, column] > 0.3 else figures.INK,
        )


def _width(names, size):
    """Return the longest name's width in inches, roughly."""
    return max(map(len, names)) * _LETTER * size / _POINTS


def _names(axes, names, cell):
    size = 9 if cell > 0.2 else 8
    step = math.ceil(1.25 * size / _POINTS / cell)
    places = range(0, len(names), step)
    names = names[::step]
    fits = _width(names, size) < 0.95 * cell * step
    slanted = {"rotation": 45 if cell > 0.3 else 90, "ha": "right"}
    style = {"fontsize": size, "color": figures.INK, "parse_math": False}
    axes.set_xticks(
        places,
        names,
        rotation_mode="anchor",
        va="top" if fits else "center",
        **({} if fits else slanted),
        **style,
    )
    axes.set_yticks(places, names, **style)
    axes.set_xlabel("predicted", fontsize=10, color=figures.MUTED)
    axes.set_ylabel("true", fontsize=10, color=figures.MUTED)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(figures.RULE)


def _scale_bar(figure, image, axes):
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=18)
    bar.set_ticks([0, 0.05, 0.25, 0.5, 1])
    bar.ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    bar.ax.tick_params(labelsize=8, colors=figures.MUTED, length=0)
    bar.set_label("share of the true class", fontsize=9, color=figures.MUTED)
    bar.outline.set_visible(False)
