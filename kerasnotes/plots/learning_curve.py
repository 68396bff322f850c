"""Errors against the number of training examples."""

import numpy as np
from matplotlib import ticker

from kerasnotes.plots import figures


def learning_curve(sizes, errors, law=None, forecast=None):
    """Draws train and dev errors by the size of the training set.

    Args:
        sizes: numbers of training examples, `[n]`.
        errors: dictionary of `train` and `dev` to rows of `(error, low,
            high)`, `[n, 3]`, as shares.
        law: a function of a number of examples that was fitted to dev, or
            None.
        forecast: `(error, low, high)` at twice the largest size, or None.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there is no size, or not one row for each.

    >>> rows = [[0.1, 0.08, 0.12], [0.05, 0.04, 0.06]]
    >>> figure = learning_curve([100, 200], {"dev": rows})
    >>> figure.axes[0].get_xscale()
    'log'
    """
    sizes = np.asarray(sizes, float)
    for name, rows in errors.items():
        if not len(sizes) or np.shape(rows) != (len(sizes), 3):
            raise ValueError(
                "`errors` must have a row of three for each of `sizes`. "
                f"Received: {name} of shape {np.shape(rows)}, {len(sizes)} "
                "sizes"
            )
    figure = figures.Figure(figsize=(5.6, 3.2), layout="constrained")
    axes = figure.add_subplot(xscale="log")
    order = np.argsort(sizes)
    colours = {"train": figures.MUTED, "dev": figures.ACCENT}
    for name, rows in errors.items():
        rows = 100 * np.asarray(rows, float)[order]
        _points(axes, sizes[order], rows, colours[name])
        if law is None or name != "dev":
            line = {"color": colours[name], "linewidth": 1.2}
            axes.plot(sizes[order], rows[:, 0], **line)
        axes.annotate(
            name,
            (sizes.min(), rows[0, 0]),
            xytext=(7, 5),
            textcoords="offset points",
            fontsize=9,
            color=colours[name],
        )
    _future(axes, sizes, law, forecast)
    _style(axes, sizes, forecast is not None)
    return figure


def _points(axes, sizes, rows, colour, **more):
    errors, low, high = rows.T
    high = np.where(np.isfinite(high), high, errors)
    axes.errorbar(
        sizes,
        errors,
        [errors - low, high - errors],
        fmt="o",
        color=colour,
        markersize=5,
        elinewidth=1.2,
        **more,
    )


def _future(axes, sizes, law, forecast):
    if law is not None:
        x = np.geomspace(sizes.min(), 2 * sizes.max(), 100)
        y = [100 * law(size) for size in x]
        axes.plot(x, y, color=figures.ACCENT, linewidth=1.2, linestyle="--")
    if forecast is not None:
        rows = 100 * np.asarray([forecast], float)
        at = [2 * sizes.max()]
        _points(axes, at, rows, figures.ACCENT, markerfacecolor="white")


def _style(axes, sizes, future):
    ticks = np.unique(sizes)
    ticks = np.append(ticks, 2 * ticks[-1]) if future else ticks
    # Names of sizes that are near each other would overlap.
    ticks_shown = [ticks[-1]]
    for tick in ticks[-2::-1]:
        if ticks_shown[-1] > 1.5 * tick:
            ticks_shown.append(tick)
    axes.set_xticks(ticks_shown, [f"{t:,.0f}" for t in ticks_shown])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_xlim(ticks[0] / 1.15, ticks[-1] * 1.25)
    # A little below 0, so that points there are whole.
    axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(_per_cent))
    style = {"fontsize": 9, "color": figures.MUTED}
    axes.set_xlabel("training examples", **style)
    axes.set_ylabel("error", **style)
    axes.tick_params(labelsize=9, colors=figures.MUTED, length=0)
    axes.grid(axis="y", color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(figures.RULE)


def _per_cent(value, position=None):
    return f"{value:g} %"
