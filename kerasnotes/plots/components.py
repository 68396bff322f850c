"""The ladder of errors, from the best humans down to test."""

import numpy as np
from matplotlib import ticker

from kerasnotes.plots import figures

_WARN = "#b3261e"


def components(rungs, gaps):
    r"""Draws each split's error with its interval, and names the differences.

    It is as narrow as a phone, on which all of it shows.

    Args:
        rungs: `(name, error, low, high)` each, from top to bottom; errors as
            shares, and ends that are equal where there is no interval.
        gaps: `(name, text, is_problem)` for each pair of neighbours.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there are no two rungs, or not one gap between each two.

    >>> figure = components(
    ...     [("human", 0, 0, 0), ("train", 0.05, 0.03, 0.08)],
    ...     [("avoidable bias", "5.0 %", True)],
    ... )
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['avoidable bias\n5.0 %']
    """
    if len(rungs) < 2 or len(gaps) != len(rungs) - 1:
        raise ValueError(
            "`rungs` must be two or more, with one of `gaps` between each "
            f"two. Received: {len(rungs)} rungs and {len(gaps)} gaps"
        )
    names, *numbers = zip(*rungs, strict=True)
    errors, lows, highs = 100 * np.array(numbers, float)
    highs = np.where(np.isfinite(highs), highs, errors)
    places = np.arange(len(rungs))
    figure = figures.Figure(
        figsize=(4.2, 0.68 * len(rungs) + 0.6), layout="constrained"
    )
    axes = figure.add_subplot()
    axes.hlines(
        places, lows, highs, color=figures.ACCENT, linewidth=5, alpha=0.3
    )
    axes.plot(
        errors,
        places,
        "o",
        color=figures.ACCENT,
        markersize=8,
        markeredgecolor="white",
    )
    top = highs.max() or 1.0
    for place, gap in enumerate(gaps):
        _step(axes, place, errors[place : place + 2], *gap)
    _style(axes, names, places, top)
    return figure


def _step(axes, place, ends, name, text, is_problem):
    colour = _WARN if is_problem else figures.MUTED
    middle = place + 0.5
    axes.plot(
        [ends[0], ends[0], ends[1], ends[1]],
        [place + 0.16, middle, middle, place + 0.84],
        color=colour,
        linewidth=2.2 if is_problem else 1.0,
    )
    axes.annotate(
        f"{name}\n{text}",
        (ends.max(), middle),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=colour,
        fontweight="bold" if is_problem else "normal",
    )


def _style(axes, names, places, top):
    axes.set_yticks(places, names, fontsize=10, color=figures.INK)
    axes.set_ylim(places[-1] + 0.4, -0.4)
    # Room for the names of the gaps beside the largest error.
    axes.set_xlim(-0.02 * top, 2 * top)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 5, 10]))
    ticks = [t for t in axes.get_xticks() if 0 <= t <= 1.05 * top]
    axes.set_xticks(ticks, [f"{t:g} %" for t in ticks])
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelsize=9, colors=figures.MUTED)
    axes.set_xlabel(
        "error, and the 95 % interval",
        fontsize=9,
        color=figures.MUTED,
        loc="left",
    )
    axes.grid(axis="x", color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
