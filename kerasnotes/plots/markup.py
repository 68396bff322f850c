"""Pieces of HTML that the page's blocks are made of."""

import base64
import html
import io
import math
import numbers

from PIL import Image

from kerasnotes.plots import digits


def escape(value):
    """Return a value as escaped text.

    Floats show four decimals, or four significant digits where they are
    large or small; None and NaN a dash.

    >>> [escape(v) for v in ("<b>", 0.98765, 1.0, 2.5e-5, 64, float("nan"))]
    ['&lt;b&gt;', '0.9877', '1.0000', '2.5e-05', '64', '–']
    """
    if value is None or (is_number(value) and math.isnan(value)):
        return "–"
    if is_number(value) and not isinstance(value, numbers.Integral):
        value = digits.text(value)
    return html.escape(str(value))


def answer(text):
    """Return an answer as pictures, pages and terminals show it.

    An empty answer is shown as `(empty)`. Data files and JSON keep the empty
    string, and don't pass through here.

    >>> answer("1937-03-15"), answer("")
    ('1937-03-15', '(empty)')
    """
    return "(empty)" if text == "" else text


def is_number(value):
    """Return whether `value` is a number; True and False are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def scrolling(content, name):
    """Return a box in which wide content scrolls, by keyboard too."""
    return (
        f'<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(name)}">{content}</div>'
    )


def image(data, alt, legible=False):
    """Return a picture inline, with its size on screen.

    Args:
        data: PNG bytes.
        alt: what the picture shows.
        legible: whether it holds text, and on a phone scrolls rather than
            shrinks: to two thirds of its size, where text of 9 points is 8
            pixels high, a strip to a height of 240 pixels.
    """
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        dpi = picture.info.get("dpi", (96, 96))[0]
        width, height = (round(side * 96 / dpi) for side in picture.size)
    least = int(width * max(2 / 3, min(1, 240 / height)))
    style = f' style="min-width:{least}px"' if legible else ""
    return (
        f'<img src="data:image/png;base64,{base64.b64encode(data).decode()}" '
        f'alt="{escape(alt)}" width="{width}" height="{height}"{style}>'
    )
