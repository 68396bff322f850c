"""A hyperparameter search as pictures: its trials, and what mattered."""

import dataclasses

import numpy as np

from kerasnotes.plots import figures

_BEST = 5


@dataclasses.dataclass(frozen=True)
class Axis:
    """A hyperparameter of the trials.

    Attributes:
        name: its name.
        positions: where each trial lies, between 0 and 1.
        ticks: `(position, text)` of the ticks.
    """

    name: str
    positions: list
    ticks: list


def parallel(axes, scores, metric, smaller=False, pruned=None):
    """Draws a line through the hyperparameters of each trial.

    The last axis is the score by rank. The best 5 of the trials that ended
    stand out, the best of all most; pruned ones are dotted.

    Args:
        axes: an `Axis` for each hyperparameter, in order.
        scores: the trials' scores, `[n]`.
        metric: the score's name.
        smaller: whether a smaller score is better.
        pruned: whether each trial was pruned, `[n]`; default none.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no trials, or an axis with another number of them.

    >>> units = Axis("units", [0.0, 1.0, 0.5], [(0, "50"), (1, "100")])
    >>> figure = parallel([units], [0.9, 0.8, 0.95], "accuracy")
    >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
    ['units', 'accuracy']
    """
    scores = np.asarray(scores, float)
    count = len(scores)
    if not count or any(len(axis.positions) != count for axis in axes):
        raise ValueError(
            "`scores` and each axis must have an entry a trial, at least 1. "
            f"Received: {count} and {[len(a.positions) for a in axes]}"
        )
    pruned = np.zeros(count, bool) if pruned is None else np.asarray(pruned)
    # Those pruned rank last: their scores are of fewer epochs.
    order = np.lexsort((scores if smaller else -scores, pruned))
    rank = np.empty(count, int)
    rank[order] = np.arange(count)
    axes = [*axes, _score_axis(metric, scores, order, rank)]
    figure = figures.Figure(
        figsize=(max(4.0, 1.7 * len(axes)), 3.6), layout="constrained"
    )
    panel = figure.add_subplot()
    lines = np.array([axis.positions for axis in axes], float).T
    for trial in order[::-1]:
        panel.plot(lines[trial], **_line(rank[trial], pruned[trial]))
    _decorate(panel, axes)
    return figure


def importance(shares):
    """Draws how much each hyperparameter mattered, as bars.

    Args:
        shares: dictionary of name to share.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: `shares` is empty.

    >>> figure = importance({"l2": 0.2, "learning_rate": 0.8})
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['l2', 'learning_rate']
    """
    if not shares:
        raise ValueError(f"`shares` needs an entry. Received: {shares}")
    ordered = sorted(shares.items(), key=lambda pair: pair[1])
    names = [figures.label(name) for name, _ in ordered]
    values = [value for _, value in ordered]
    height = 0.7 + 0.34 * len(names)
    figure = figures.Figure(figsize=(5.2, height), layout="constrained")
    panel = figure.add_subplot()
    bars = panel.barh(names, values, height=0.6, color=figures.ACCENT)
    panel.bar_label(
        bars, fmt="{:.0%}", padding=4, fontsize=9, color=figures.MUTED
    )
    panel.set_xlim(0, 1.12 * max(values) or 1.0)
    panel.set_xticks([])
    panel.tick_params(labelsize=9, colors=figures.INK, length=0)
    panel.spines[:].set_visible(False)
    return figure


def _score_axis(metric, scores, order, rank):
    """Return the last axis: the ranks, with the scores of some."""
    last = max(1, len(scores) - 1)
    shown = np.unique(np.linspace(0, len(scores) - 1, 5).round().astype(int))
    ticks = [(1 - r / last, f"{scores[order[r]]:.4g}") for r in shown]
    return Axis(metric, list(1 - rank / last), ticks)


def _line(rank, pruned):
    """Return the style of a trial's line."""
    if pruned:
        return {"color": figures.RULE, "linewidth": 0.9, "linestyle": ":"}
    if rank >= _BEST:
        return {"color": figures.MUTED, "linewidth": 0.8, "alpha": 0.45}
    return {
        "color": figures.ACCENT,
        "linewidth": 2.6 if rank == 0 else 1.4,
        "alpha": 1.0 if rank == 0 else 0.65,
        "marker": "o",
        "markersize": 5 if rank == 0 else 3,
        "zorder": 4 if rank == 0 else 3,
    }


def _decorate(panel, axes):
    """Draws the axes themselves, with their ticks."""
    places = range(len(axes))
    panel.set_xticks(places, [figures.label(a.name, 18) for a in axes])
    panel.xaxis.tick_top()
    panel.tick_params(labelsize=9, colors=figures.INK, length=0)
    panel.set_yticks([])
    panel.set_xlim(-0.15, len(axes) - 0.6)
    panel.set_ylim(-0.05, 1.05)
    panel.spines[:].set_visible(False)
    for place, axis in zip(places, axes, strict=True):
        panel.axvline(place, color=figures.MUTED, linewidth=0.8, zorder=1)
        for position, text in axis.ticks:
            panel.annotate(
                figures.label(text, 14),
                (place, position),
                (5, 0),
                textcoords="offset points",
                fontsize=7.5,
                color=figures.INK,
                va="center",
                zorder=5,
                bbox={"facecolor": "white", "alpha": 0.75, "pad": 0.6}
                | {"edgecolor": "none"},
                parse_math=False,
            )
