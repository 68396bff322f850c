"""Which share of answers is as good as asked for."""

import numpy as np

from kerasnotes.plots import figures


def success(panels):
    """Draws, for each level of quality, the share of answers that reach it.

    Args:
        panels: dictionary of a quality's name to `(values, higher)`: a number
            for each answer, `[n]`, and whether larger ones are better.

    Returns:
        A `matplotlib.figure.Figure`, a panel for each.

    Raises:
        ValueError: there is nothing to draw.

    >>> figure = success({"IoU": ([0.2, 0.9], True), "error": ([1, 2], False)})
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['IoU', 'error']
    """
    if not panels or not all(len(values) for values, _ in panels.values()):
        raise ValueError(
            f"`panels` needs at least one, with values. Received: {panels}"
        )
    figure = figures.Figure(
        figsize=(3.9 * len(panels), 3.2), layout="constrained"
    )
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, (values, higher)) in zip(
        grid, panels.items(), strict=True
    ):
        values = np.sort(np.asarray(values, float))
        shares = np.arange(1, len(values) + 1) / len(values)
        shares = 1 - shares + 1 / len(values) if higher else shares
        axes.step(
            values,
            shares,
            where="pre" if higher else "post",
            color=figures.ACCENT,
        )
        axes.set_ylim(-0.02, 1.02)
        style = {"fontsize": 9, "color": figures.MUTED, "parse_math": False}
        axes.set_xlabel(figures.label(name, 40), **style)
        axes.set_ylabel(
            "share at least as good", fontsize=9, color=figures.MUTED
        )
        axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
        axes.grid(color=figures.RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
    return figure
