"""Precision, recall and F1 against the threshold."""

import numpy as np
from matplotlib import ticker

from kerasnotes.plots import figures

_COLOURS = ("#1a5fb4", "#c0561a", "#2b7d4f", "#7a4a9e", "#8a6d00")
_TICKS = (1e-6, 1e-3, 0.05, 0.2, 0.5, 0.8, 0.95, 0.999, 1 - 1e-6)


def thresholds(edges, metrics, chosen, plateau=None):
    """Draws metrics against the threshold, the chosen one marked.

    The axis is even in log-odds, so that thresholds near 0 and 1, where sure
    models put most of their answers, are told apart.

    Args:
        edges: probabilities between which the metrics stay, rising,
            `[cuts + 1]`.
        metrics: a dictionary of name to the metric in each interval,
            `[cuts]`; at most five.
        chosen: the threshold chosen.
        plateau: thresholds `(low, high)` that are as good, or None.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: a metric has another length.

    >>> figure = thresholds([0.1, 0.5, 0.9], {"recall": [1.0, 0.5]}, 0.5)
    >>> figure.axes[0].get_title("right")
    'threshold 0.5'
    """
    edges = np.asarray(edges, float)
    figure = figures.Figure(figsize=(6.6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("logit")
    for (name, values), colour in zip(metrics.items(), _COLOURS, strict=False):
        if len(values) != len(edges) - 1:
            raise ValueError(
                f"`metrics` must have {len(edges) - 1} values each, one less "
                f"than `edges`. Received: {len(values)} of {name}"
            )
        axes.stairs(values, edges, baseline=None, color=colour, label=name)
    if plateau is not None:
        axes.axvspan(*plateau, color=figures.RULE, linewidth=0)
    axes.axvline(chosen, color=figures.INK, linewidth=0.9, linestyle=":")
    axes.set_title(
        f"threshold {chosen:.4g}", loc="right", fontsize=9, color=figures.INK
    )
    axes.set_xlim(
        max(edges[0], min(_TICKS[0], chosen)),
        min(edges[-1], max(_TICKS[-1], chosen)),
    )
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(ticker.FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_xlabel("threshold", fontsize=9, color=figures.MUTED)
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1, 1),
        fontsize=9,
        frameon=False,
        labelcolor=figures.INK,
    )
    return figure
