"""What every figure shares: colours, labels, and how it is saved."""

import io
import warnings

from matplotlib import figure as mpl

from kerasnotes import files
from kerasnotes.plots import fonts

INK = "#1d2129"
MUTED = "#626a75"
RULE = "#dfe2e6"
ACCENT = "#1a5fb4"


class Figure(mpl.Figure):
    """A figure whose texts are drawn in fonts that have their characters.

    >>> print(Figure(figsize=(4, 3)).get_figwidth())
    4.0
    """

    def draw(self, renderer):
        fonts.fit(self)
        super().draw(renderer)


def label(text, length=28):
    r"""Return `text` as one line of at most `length` characters.

    Bytes of file names that aren't UTF-8 become question marks, because
    Matplotlib can't draw them.

    >>> label("a name\nthat goes on and on", 12)
    'a name that…'
    """
    text = " ".join(str(text).encode("utf-8", "replace").decode().split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def png(figure):
    """Return the figure as PNG bytes, equal for equal figures.

    Args:
        figure: a `matplotlib.figure.Figure`.
    """
    data = io.BytesIO()
    with warnings.catch_warnings():
        # Matplotlib has one for each box; ours names them all.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from")
        figure.savefig(
            data,
            format="png",
            dpi=150,
            bbox_inches="tight",
            metadata={"Software": None},
        )
    return data.getvalue()


def save(figure, path):
    """Write the figure to `path` as PNG, whole or not at all.

    Args:
        figure: a `matplotlib.figure.Figure`.
        path: the file; its folder is made.

    Raises:
        UserError: the file can't be written.
    """
    files.write_bytes(path, png(figure))
