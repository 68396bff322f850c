"""Reliability diagrams: how sure against how often right."""

import numpy as np
from matplotlib import ticker

from kerasnotes.plots import figures


def calibration(panels, confidence="confidence", share="share right"):
    """Draws the share of hits against the confidence, a panel a model.

    On the diagonal the probabilities can be believed, below it they promise
    too much. A point stands for the answers of a bin, its bar for the 95 %
    interval of their share; the strip below counts all answers by confidence.

    Args:
        panels: a dictionary of title to `(bins, confidences)`: what
            `diagnosis.calibration.bins` returns and what it was made of.
        confidence: what the horizontal axis shows.
        share: what the vertical axis shows.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there is no panel.

    >>> from kerasnotes.diagnosis import calibration as diagnosis
    >>> sure = np.array([0.6, 0.7, 0.8, 0.9])
    >>> found = diagnosis.bins(sure, [0, 1, 1, 1], count=2)
    >>> axes = calibration({"T = 1": (found, sure)}).axes
    >>> axes[1].get_xlabel()
    'confidence'
    """
    if not panels:
        raise ValueError(f"`panels` needs at least one. Received: {panels}")
    figure = figures.Figure(
        figsize=(3.9 * len(panels), 4.5), layout="constrained"
    )
    grid = figure.subplots(
        2,
        len(panels),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=(4, 1),
    )
    lowest = min(
        min(made_of.min(), bins.intervals()[0].min())
        for bins, made_of in panels.values()
    )
    # Ticks stand at tenths.
    start = max(0.0, np.floor(10 * lowest) / 10)
    for (top, bottom), (title, (bins, made_of)) in zip(
        grid.T, panels.items(), strict=True
    ):
        _diagram(top, title, bins)
        _strip(bottom, made_of, start)
        bottom.set_xlabel(confidence, fontsize=9, color=figures.MUTED)
        top.set_xlim(start - 0.02, 1.02)
        top.set_ylim(start - 0.02, 1.02)
    grid[0, 0].set_ylabel(share, fontsize=9, color=figures.MUTED)
    grid[1, 0].set_ylabel("answers", fontsize=9, color=figures.MUTED)
    return figure


def _diagram(axes, title, bins):
    axes.set_title(
        title, loc="left", fontsize=11, fontweight="bold", color=figures.INK
    )
    least, most = bins.counts.min(), bins.counts.max()
    each = f"{least:,}" if least == most else f"{least:,}–{most:,}"
    axes.set_title(
        f"{each} a point", loc="right", fontsize=9, color=figures.MUTED
    )
    axes.axline((0, 0), slope=1, color=figures.MUTED, linewidth=0.9)
    low, high = bins.intervals()
    axes.errorbar(
        bins.confidence,
        bins.share,
        # Rounding may leave an end on the wrong side.
        yerr=np.maximum([bins.share - low, high - bins.share], 0),
        fmt="o-",
        markersize=4.5,
        linewidth=1.2,
        elinewidth=0.9,
        capsize=2,
        color=figures.ACCENT,
    )
    axes.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    _style(axes)


def _strip(axes, confidences, start):
    axes.hist(confidences, np.linspace(start, 1, 26), color=figures.ACCENT)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(ticker.MaxNLocator(3, integer=True))
    _style(axes)


def _style(axes):
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
