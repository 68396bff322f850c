"""Attention: where each token of the output looks in the source."""

import math
import unicodedata

import numpy as np
from matplotlib import colors, ticker

from kerasnotes.plots import figures, fonts

_POINTS = 72
_SHOWN = {" ": "␣", "\n": "↵", "\t": "⇥"}
# Of one head, and of several, which stand side by side: the tokens shown, and
# the inches for them.
_ONE, _SEVERAL = (64, 9.6), (40, 4.6)
_WIDTH = 10  # The page's, in inches.


def attention(weights, source, target, heads=None):
    """Draws attention weights, a panel for each head.

    Row t of a panel is a token of the output, column t' one of the source;
    the colour of the cell is `α⟨t,t'⟩` on a square-root scale, so that small
    weights show. Spaces have a sign. What no font of the machine can draw
    stands as its code point, and a line below says so, as it does where
    tokens had to be left out.

    Args:
        weights: `[T, S]`, or of several heads `[heads, T, S]`.
        source: a text for each token of the source, S.
        target: a text for each token of the output, T.
        heads: a title for each panel; default "head 1", "head 2", ….

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: the texts or titles are too few or too many, or nothing
            is to be drawn.

    >>> figure = attention(np.eye(2)[None], ["3", " "], ["0", "3"])
    >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
    ['3', '␣']
    """
    weights = np.asarray(weights, "float64")
    weights = weights[None] if weights.ndim == 2 else weights
    count = len(weights)
    if heads is None:
        heads = [f"head {i + 1}" for i in range(count)] if count > 1 else [""]
    shape = len(heads), len(target), len(source)
    if weights.shape != shape or not weights.size:
        raise ValueError(
            "`weights` must be [heads, T, S] with a text in `target` for each "
            "T, one in `source` for each S, and a title in `heads` for each "
            f"head. Received: {weights.shape} for {shape}"
        )
    limit, room = _ONE if count == 1 else _SEVERAL
    weights, texts = (
        weights[:, :limit, :limit],
        (source[:limit], target[:limit]),
    )
    unseen = _unseen(set("".join(map("".join, texts))))
    names = [[_label(text, unseen) for text in side] for side in texts]
    cell = min(0.22, room / max(map(len, names)))
    style = {
        "fontsize": 0.62 * cell * _POINTS,
        "color": figures.INK,
        "parse_math": False,
    }
    figure = figures.Figure()
    panels = _places(figure, count, names, cell)
    for axes, panel, title in zip(panels, weights, heads, strict=True):
        image = _panel(axes, panel, names, style)
        axes.set_title(
            figures.label(title),
            y=1 + _length(names[0]) / len(names[1]),
            fontsize=9,
            color=figures.MUTED,
            parse_math=False,
        )
    bar = _scale_bar(figure, image, panels)
    below = min(axes.get_position().y0 for axes in (panels[-1], bar))
    _note(figure, below, (len(source), len(target)), limit, unseen)
    return figure


def _label(text, unseen):
    """Return a token's text as something that can be seen and drawn."""
    parts = [""]
    for char in text:
        if char in _SHOWN:
            parts[-1] += _SHOWN[char]
        elif char in unseen:
            parts += [f"U+{ord(char):04X}", ""]
        else:
            # A mark that belongs above or below a letter needs one.
            bare = unicodedata.category(char)[0] == "M" and not parts[-1]
            parts[-1] += "◌" * bare + char
    return figures.label(" ".join(filter(None, parts)), 14)


def _unseen(characters):
    """Return those that no font here has, or that are invisible."""
    blank = {c for c in characters if not fonts.is_visible(c)}
    _, missing = fonts.families(frozenset(characters - blank))
    return missing | blank - set(_SHOWN)


def _length(names):
    """Return how many cells the longest name is long, roughly."""
    longest = max(map(len, names))
    return 0.43 * longest + 0.5 if longest > 1 else 1


def _places(figure, count, names, cell):
    """Return an axes for each head, in rows, and size the figure."""
    width, height = (len(side) * cell for side in names)
    across, down = width + 0.25, height + _length(names[0]) * cell + 0.45
    rows = math.ceil(count / max(1, int(_WIDTH / across)))
    columns = math.ceil(count / rows)
    size = columns * across, rows * down
    figure.set_size_inches(size)
    return [
        figure.add_axes(
            (
                column * across / size[0],
                1 - (row * down + height) / size[1],
                width / size[0],
                height / size[1],
            )
        )
        for row, column in (divmod(i, columns) for i in range(count))
    ]


def _panel(axes, weights, names, style):
    image = axes.imshow(
        weights,
        cmap="Blues",
        norm=colors.PowerNorm(0.5, vmin=0, vmax=1),
        interpolation="nearest",
    )
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(names[0])), names[0], **style)
    for text in axes.get_xticklabels():
        text.set_rotation(90 * (len(text.get_text()) > 1))
    # Panels of a row share the output's names.
    first = axes.get_position().x0 < 1e-6
    axes.set_yticks(
        range(len(names[1])),
        names[1] if first else [""] * len(names[1]),
        **style,
    )
    axes.tick_params(length=0, pad=2)
    for spine in axes.spines.values():
        spine.set_color(figures.RULE)
    return image


def _scale_bar(figure, image, panels):
    width, height = figure.get_size_inches()
    place = panels[0].get_position()
    length = min(max(place.height * height, 1.2), 2.4) / height
    right = max(axes.get_position().x1 for axes in panels)
    bar = figure.colorbar(
        image,
        cax=figure.add_axes(
            (right + 0.15 / width, place.y1 - length, 0.12 / width, length)
        ),
    )
    bar.set_ticks([0, 0.05, 0.25, 0.5, 1])
    bar.ax.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=0))
    bar.ax.tick_params(labelsize=8, colors=figures.MUTED, length=0)
    bar.set_label("attention", fontsize=9, color=figures.MUTED)
    bar.outline.set_visible(False)
    return bar.ax


def _note(figure, below, counts, limit, unseen):
    parts = [
        f"the first {limit} of {count} tokens of the {name}"
        for name, count in zip(("source", "output"), counts, strict=True)
        if count > limit
    ]
    if unseen:
        parts.append(
            "U+… is the code point of a character that is invisible or in no "
            "font here"
        )
    text = "; ".join(parts)
    figure.text(
        0,
        below - 0.12 / figure.get_size_inches()[1],
        text[:1].upper() + text[1:],
        fontsize=8,
        va="top",
        color=figures.MUTED,
        parse_math=False,
    )
