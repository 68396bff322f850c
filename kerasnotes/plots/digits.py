"""Numbers in as many digits as say something, whatever their unit."""

import math

_SIGNIFICANT = 6


def rounded(value, scale):
    """Return a number rounded to six digits of a scale.

    Args:
        value: the number.
        scale: what differences between such numbers are like, as their
            deviation.

    >>> rounded(1700000017.123456, scale=17.0), rounded(1.23456789e-9, 1e-9)
    (1700000017.1235, 1.23457e-09)
    """
    return round(float(value), _decimals(scale, _SIGNIFICANT))


def text(value, scale=None):
    """Return a number as text.

    Args:
        value: the number.
        scale: what differences between such numbers are like: four digits of
            it are shown. Without one, numbers from 0.001 to 1000 have four
            decimals, and others four significant digits.

    >>> text(0.98765), text(4e-18), text(123456.7), text(0)
    ('0.9877', '4e-18', '1.235e+05', '0.0000')
    >>> text(1700000017.1234, scale=17.0), text(1.2343e-9, scale=1e-9)
    ('1700000017.12', '1.234e-09')
    """
    value = float(value)
    if scale is None:
        plain = value == 0 or 1e-3 <= abs(value) < 1e3
        return f"{value:.4f}" if plain else f"{value:.4g}"
    decimals = _decimals(scale, 4)
    if 0 <= decimals <= 6 and abs(value) < 1e15:
        return f"{value:.{decimals}f}"
    # Of 1e20 ± 1e17, seven digits are four of the deviation.
    places = _order(value) + decimals if value else 0
    return f"{value:.{max(places, 0)}e}"


def _decimals(scale, count):
    """Return the decimals that show `count` digits of a scale."""
    return count - 1 - _order(scale)


def _order(value):
    """Return the exponent of ten of a number; 0 of 0 and what is no number."""
    if not value or not math.isfinite(value):
        return 0
    return math.floor(math.log10(abs(value)))
