"""Precision against recall, a line for each class."""

import numpy as np

from kerasnotes.plots import figures

_LINES = 10


def precision_recall(curves, marked=None):
    """Draws precision against recall as the threshold falls.

    Args:
        curves: dictionary of name to `(recall, precision)`, arrays `[k]` in
            the order of falling thresholds. The first is drawn strong, the
            next nine thin; of others there is no line.
        marked: recall and precision at the threshold used, or None.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there is no curve, or its two parts differ in length.

    >>> figure = precision_recall({"all": ([0.5, 1.0], [1.0, 0.8])})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['all']
    """
    lengths = [{len(part) for part in curve} for curve in curves.values()]
    if not curves or any(len(length) > 1 for length in lengths):
        raise ValueError(
            "`curves` needs at least one, of recall and precision of one "
            f"length. Received: {curves}"
        )
    figure = figures.Figure(figsize=(5.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, curve) in enumerate(list(curves.items())[: _LINES + 1]):
        recall, precision = (np.asarray(part, float) for part in curve)
        style = {"color": figures.ACCENT, "linewidth": 2.2, "zorder": 3}
        if i:
            style = {"linewidth": 1.0}
        axes.plot(
            np.append(0.0, recall),
            np.append(precision[:1], precision) if len(precision) else [1.0],
            label=figures.label(name, 20),
            **style,
        )
    if marked is not None:
        axes.plot(*[[value] for value in marked], "o", color=figures.INK,
                  zorder=4)  # fmt: skip
    _style(axes)
    return figure


def _style(axes):
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    for side, name in (("x", "recall"), ("y", "precision")):
        getattr(axes, f"set_{side}label")(name, fontsize=9, color=figures.MUTED)
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1, 1), fontsize=9, frameon=False,
        labelcolor=figures.INK,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
