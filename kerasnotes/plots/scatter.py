"""Predicted against true values as a picture."""

import numpy as np

from kerasnotes.plots import figures


def scatter(true, predicted, name="target"):
    """Draws what was predicted against what is true.

    Both axes have one scale; on the diagonal the prediction is right. Points
    are the fainter the more there are.

    Args:
        true: the true values, `[n]`.
        predicted: the predicted ones, `[n]`.
        name: what the values are.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: the lengths differ, or there is nothing to draw.

    >>> axes = scatter([1, 2], [1.5, 2], "price").axes[0]
    >>> axes.get_xlabel()
    'true price'
    """
    true, predicted = np.asarray(true), np.asarray(predicted)
    if true.ndim != 1 or true.shape != predicted.shape or not true.size:
        raise ValueError(
            "`true` and `predicted` must be vectors of one length, at least "
            f"1. Received: shapes {true.shape} and {predicted.shape}"
        )
    figure = figures.Figure(figsize=(4.4, 4.4), layout="constrained")
    axes = figure.add_subplot(aspect="equal")
    axes.axline((true[0], true[0]), slope=1, color=figures.MUTED, linewidth=0.9)
    axes.scatter(
        true,
        predicted,
        s=18,
        color=figures.ACCENT,
        alpha=float(np.clip(30 / len(true) ** 0.5, 0.05, 0.8)),
        linewidths=0,
    )
    both = np.concatenate([true, predicted])
    low, high = both.min(), both.max()
    room = 0.05 * (high - low) or 1.0
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(low - room, high + room)
    style = {"fontsize": 9, "color": figures.MUTED, "parse_math": False}
    axes.set_xlabel(figures.label(f"true {name}"), **style)
    axes.set_ylabel(figures.label(f"predicted {name}"), **style)
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return figure
