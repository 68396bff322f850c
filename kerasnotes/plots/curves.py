"""How a run went: a panel each for loss, metric and learning rate."""

import math

import numpy as np
from matplotlib import ticker

from kerasnotes.plots import figures


def curves(history, metric="accuracy", best=None):
    """Draws train against dev over the epochs.

    A value that is missing, empty or not finite is left out and the line
    drawn through. The learning rate has a panel where it varies.

    Args:
        history: list of dictionaries, a row per epoch, with any of `epoch`
            (counted from 1; default the row's place), `loss`, `val_loss`,
            `learning_rate`, and `metric` with and without `val_`. Text is
            read as numbers.
        metric: the metric that chooses the best epoch.
        best: the epoch chosen, or None.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: `history` is empty.

    >>> rows = [{"loss": 2.0, "val_loss": 2.1}, {"loss": 1.0, "val_loss": 1.5}]
    >>> [axes.get_title("left") for axes in curves(rows, best=2).axes]
    ['Loss']
    """
    if not history:
        raise ValueError(
            f"`history` needs at least one row. Received: {history}"
        )
    places = np.arange(1.0, len(history) + 1)
    epochs = np.array([_number(row.get("epoch")) for row in history])
    epochs = np.where(np.isfinite(epochs), epochs, places)
    panels = _panels(history, metric)
    figure = figures.Figure(
        figsize=(3.4 * len(panels), 2.6), layout="constrained"
    )
    for axes, (name, lines) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0],
        panels.items(),
        strict=True,
    ):
        _style(axes, name, epochs)
        for role, values in lines.items():
            _line(axes, epochs, values, role)
        if best is not None:
            _mark(axes, epochs, lines, best)
        if not lines:
            _say_none(axes)
        elif "" in lines:
            _log_scale(axes, lines[""])
        else:
            _name_ends(axes, lines)
    return figure


def _number(value):
    try:
        value = float(value)
    except (TypeError, ValueError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def _panels(history, metric):
    """Return {title: {role: values}}; a role is train, dev or empty."""

    def column(key):
        return np.array([_number(row.get(key)) for row in history])

    panels = {}
    for key in dict.fromkeys(("loss", metric)):
        roles = {"train": key, "dev": f"val_{key}"}
        lines = {r: column(k) for r, k in roles.items()}
        lines = {r: v for r, v in lines.items() if np.isfinite(v).any()}
        if lines or key == "loss":
            panels[key] = lines
    rate = column("learning_rate")
    if len(np.unique(rate[np.isfinite(rate)])) > 1:
        panels["learning rate"] = {"": rate}
    return panels


def _style(axes, name, epochs):
    title = figures.label(name.replace("_", " "), 16)
    axes.set_title(
        title[:1].upper() + title[1:],
        loc="left",
        fontsize=11,
        fontweight="bold",
        color=figures.INK,
        parse_math=False,
    )
    axes.set_xlabel("epoch", fontsize=9, color=figures.MUTED)
    axes.tick_params(labelsize=9, colors=figures.MUTED)
    axes.tick_params(which="both", length=0)
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(5, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
    )
    axes.margins(x=0.02)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(5))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(_short))
    axes.grid(axis="y", color=figures.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(figures.RULE)
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 0.5, epochs[0] + 0.5)


def _short(value, position=None):
    return f"{value:g}"


def _colour(role):
    return figures.MUTED if role == "train" else figures.ACCENT


def _line(axes, epochs, values, role):
    finite = np.isfinite(values)
    axes.plot(
        epochs[finite],
        values[finite],
        color=_colour(role),
        linewidth=1.2 if role == "train" else 1.8,
        # A lone point makes no line.
        marker="o" if finite.sum() == 1 else None,
        markersize=4,
        label=role,
    )


def _say_none(axes):
    axes.set_yticks([])
    axes.text(
        0.5,
        0.5,
        "no finite value",
        transform=axes.transAxes,
        ha="center",
        fontsize=9,
        color=figures.MUTED,
    )


def _mark(axes, epochs, lines, best):
    axes.axvline(best, color=figures.MUTED, linewidth=0.9, linestyle=":")
    values = lines.get("dev", np.full(len(epochs), math.nan))[epochs == best]
    if np.isfinite(values).any():
        axes.plot(
            [best],
            values[-1:],
            marker="o",
            markersize=6.5,
            color=_colour("dev"),
            markeredgecolor="white",
            zorder=4,
        )
        axes.set_title(
            f"{values[-1]:.4g} at epoch {best}",
            loc="right",
            fontsize=9,
            color=_colour("dev"),
        )


def _log_scale(axes, rates):
    rates = rates[np.isfinite(rates)]
    if rates.min() > 0 and rates.max() / rates.min() > 20:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(_short))
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())


def _name_ends(axes, lines):
    """Write each line's name at its end, the names kept apart."""
    bottom, top = axes.get_ylim()
    ends = {
        role: (values[np.isfinite(values)][-1] - bottom) / (top - bottom)
        for role, values in lines.items()
    }
    if len(ends) == 2:
        low, high = sorted(ends, key=ends.get)
        push = max(0, 0.11 - (ends[high] - ends[low])) / 2
        ends = {low: ends[low] - push, high: ends[high] + push}
    for role, height in ends.items():
        axes.annotate(
            role,
            (1, height),
            xytext=(4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=_colour(role),
        )
