"""Fonts for every script: those of the machine that have the characters."""

import functools
import unicodedata
import warnings

from matplotlib import font_manager, ft2font
from matplotlib import text as mpl

_FIRST = "DejaVu Sans"  # Matplotlib brings it.
_LISTED = 12
_reported = set()


def fit(figure):
    """Give the texts of a figure fonts that have their characters.

    A font that a text has already stays its first. What no font of the
    machine can draw is a box, and one warning names it.

    Args:
        figure: a `matplotlib.figure.Figure`.

    Returns:
        The characters that can't be drawn, a frozenset.
    """
    texts = figure.findobj(
        lambda artist: (
            isinstance(artist, mpl.Text) and not artist.get_text().isascii()
        )
    )
    characters = set().union(*(text.get_text() for text in texts))
    names, missing = families(frozenset(filter(is_visible, characters)))
    for text in texts:
        text.set_fontfamily(list(dict.fromkeys(text.get_fontfamily() + names)))
    _warn(missing)
    return missing


@functools.lru_cache(maxsize=32)
def families(characters):
    """Return fonts that draw the characters, and those that none has.

    Args:
        characters: a frozenset.

    >>> families(frozenset("aé"))
    (['DejaVu Sans'], frozenset())
    """
    names, left = [_FIRST], {c for c in characters if c > "~"}
    fonts = sorted(
        (e for e in font_manager.fontManager.ttflist if e.style == "normal"),
        key=lambda entry: (entry.name != _FIRST, abs(_weight(entry) - 400)),
    )
    for entry in fonts:
        if not left:
            break
        # The last resort draws a box for whatever there is.
        drawn = set() if "Last" in entry.name else _drawn(entry.fname, left)
        if drawn and entry.name not in names:
            names.append(entry.name)
        left -= drawn
    return names, frozenset(left)


def is_visible(character):
    """Return whether a font must have the character: no space, no control."""
    return unicodedata.category(character)[0] not in "CZ"


def _weight(entry):
    return entry.weight if isinstance(entry.weight, (int, float)) else 400


def _drawn(path, characters):
    try:
        font = ft2font.FT2Font(path)
    except (OSError, RuntimeError):
        return set()
    # Matplotlib can't draw the bitmaps of coloured fonts.
    if not font.scalable:
        return set()
    return {c for c in characters if font.get_char_index(ord(c))}


def _warn(missing):
    """Name the characters that no warning has named yet."""
    new = sorted(missing - _reported)
    if not new:
        return
    _reported.update(new)
    more = f" and {len(new) - _LISTED} more" if len(new) > _LISTED else ""
    warnings.warn(
        f"figures show boxes for {' '.join(new[:_LISTED])}{more}: no font "
        "here has them; install one that does, as the Noto fonts",
        stacklevel=2,
    )
