"""Recall of region proposals against their number."""

import numpy as np

from kerasnotes.plots import figures

_LINES = 10


def proposal_recall(numbers, curves):
    """Draws the share of objects covered against the number of proposals.

    Args:
        numbers: proposals of a picture, `[k]`, in increasing order, from 1.
        curves: dictionary of name to recalls, `[k]`. The first is drawn
            strong, the next nine thin; of others there is no line, nor of
            one that has a None, as the recall of an absent class.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there is no number or no curve, or their lengths differ.

    >>> figure = proposal_recall([10, 100], {"all": [0.5, 0.8],
    ...     "absent": [None, None]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['all']
    """
    if not len(numbers) or not curves:
        raise ValueError(
            "`numbers` and `curves` need at least one each. Received: "
            f"{numbers}, {curves}"
        )
    if any(len(recalls) != len(numbers) for recalls in curves.values()):
        raise ValueError(
            f"`curves` need recalls for {len(numbers)} numbers each. "
            f"Received: {curves}"
        )
    figure = figures.Figure(figsize=(5.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, recalls) in enumerate(list(curves.items())[: _LINES + 1]):
        if any(recall is None for recall in recalls):
            continue
        style = {"color": figures.ACCENT, "linewidth": 2.2, "zorder": 3}
        axes.plot(
            numbers,
            np.asarray(recalls, float),
            marker="o",
            markersize=4 - bool(i),
            label=figures.label(name, 20),
            **({"linewidth": 1.0} if i else style),
        )
    _style(axes, numbers)
    return figure


def _style(axes, numbers):
    axes.set_xscale("log")
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks(numbers, [f"{number:,}" for number in numbers])
    axes.set_xticks([], minor=True)
    for side, name in (
        ("x", "first proposals of a picture"),
        ("y", "share of objects covered"),
    ):
        getattr(axes, f"set_{side}label")(name, fontsize=9, color=figures.MUTED)
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    if not axes.lines:
        return
    legend = axes.legend(
        loc="upper left", bbox_to_anchor=(1, 1), fontsize=9, frameon=False,
        labelcolor=figures.INK,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
