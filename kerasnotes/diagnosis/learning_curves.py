"""Would more data help? Dev error against the number of training examples."""

import dataclasses

import numpy as np

from kerasnotes.diagnosis import intervals

MATTERS = 0.1
_DRAWS, _ENDS = 100, (0.025, 0.975)
_LEAST = 3
# Exponents; theory gives 1/2 to 1, deep networks show 0.07 to 0.35.
_SLOWEST, _FASTEST = 0.01, 2.0


@dataclasses.dataclass(frozen=True)
class PowerLaw:
    """`error(m) = a + b·m^-c`, with a, b ≥ 0.

    Attributes:
        a: the error that no number of examples takes away.
        b: what the number of examples is about.
        c: how fast they take it away, from 0.01 to 2.

    >>> PowerLaw(0.02, 1.0, 0.5)(2500)
    0.04
    """

    a: float
    b: float
    c: float

    def __call__(self, size):
        return self.a + self.b * size**-self.c


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What twice the data would do.

    Attributes:
        law: the `PowerLaw`; None where there are too few points.
        size: the largest training set measured.
        now: dev error there, by the law.
        twice: that with twice the examples.
        low: the lower end of its 95 % interval.
        high: the upper end.
        verdict: `helps`, `hardly`, or `unclear`.
    """

    law: PowerLaw | None = None
    size: int | None = None
    now: float | None = None
    twice: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str = "unclear"

    @property
    def text(self):
        """One line for people."""
        if self.law is None:
            return (
                "can't tell whether more data would help: a learning curve "
                f"takes {_LEAST} sizes of the training set or more"
            )
        start = {
            "helps": "more data would help",
            "hardly": "more data would hardly help",
            "unclear": "can't tell whether more data would help",
        }[self.verdict]
        return (
            f"{start}: with twice the {self.size:,} training examples "
            f"dev error would go from {intervals.percent(self.now)} % to about "
            f"{intervals.percent(self.twice)} % "
            f"({intervals.span(self.low, self.high)})"
        )

    def to_dict(self):
        """Return what metrics.json keeps."""
        return dataclasses.asdict(self) | {"text": self.text}


def forecast(sizes, measures, seed=0):
    """Says what twice the training data would do to dev error.

    The law is fitted to the points, each weighted by its interval. Its
    uncertainty is that of 100 fits to errors drawn from those intervals, and
    so of dev's size alone: what another seed would change isn't in it.

    More data helps where twice the examples take away at least `MATTERS`, a
    tenth, of the dev error, and nearly all draws agree that they take some;
    they hardly help where nearly all say that it is less than that. "Nearly
    all" is 97.5 %.

    Args:
        sizes: numbers of training examples.
        measures: dev's `intervals.Measure` for each.
        seed: of the draws.

    Returns:
        A `Forecast`.

    Raises:
        ValueError: the lengths differ, or a size isn't positive.

    Source: C. Cortes et al., Learning curves: asymptotic values and rate of
    convergence (1993), section 2; J. Hestness et al., Deep learning scaling
    is predictable, empirically (2017).

    >>> sizes = [100, 400, 1600, 6400]
    >>> law = PowerLaw(0.02, 1.0, 0.5)
    >>> found = forecast(sizes, [intervals.Measure(law(m)) for m in sizes])
    >>> found.verdict, round(found.twice, 4)
    ('helps', 0.0288)
    """
    sizes = np.asarray(sizes, float)
    if len(sizes) != len(measures) or not (sizes > 0).all():
        raise ValueError(
            "`sizes` must be positive, one for each of `measures`. "
            f"Received: {sizes} and {len(measures)} measures"
        )
    if len(np.unique(sizes)) < _LEAST:
        return Forecast()
    errors = np.array([m.error for m in measures])
    deviations = _deviations(measures)
    law = fit(sizes, errors, deviations)
    last = float(sizes.max())
    draws = np.random.default_rng(seed).normal(
        errors, deviations, [_DRAWS, len(errors)]
    )
    laws = [fit(sizes, np.maximum(d, 0), deviations, law) for d in draws]
    now, twice = law(last), law(2 * last)
    low, high = np.quantile([x(2 * last) for x in laws], _ENDS).tolist()
    least, most = np.quantile([_gain(x, last) for x in laws], _ENDS)
    verdict = "unclear"
    if _gain(law, last) >= MATTERS and least > MATTERS / 10:
        verdict = "helps"
    elif most < MATTERS:
        verdict = "hardly"
    return Forecast(law, int(last), now, twice, low, high, verdict)


def _gain(law, size):
    """Return the share of the error that twice the examples take away."""
    now = law(size)
    return 1 - law(2 * size) / now if now else 0.0


def _deviations(measures):
    """Return a standard deviation for each; a trace where none is known."""
    # In the errors' own unit, whatever it is.
    largest = max(m.error for m in measures) or 1.0

    def half(measure):
        low, high = measure.interval
        if measure.deviation is not None:
            high = min(high, 10 * measure.error + largest)
        return (high - low) / 2 / intervals.Z

    return np.maximum([half(m) for m in measures], 1e-3 * largest)


def fit(sizes, errors, deviations, start=None):
    """Return the `PowerLaw` of least squares within its bounds.

    Args:
        sizes: numbers of training examples, `[n]`.
        errors: the errors, `[n]`.
        deviations: their standard deviations, `[n]`.
        start: a `PowerLaw` to start from; by default several are tried.
    """
    from scipy import optimize

    # In these units b is the part of the last error that more data lowers.
    last = float(sizes.max())
    x, scale = sizes / last, float(errors.max()) or float(deviations.max())
    y, weights = errors / scale, scale / deviations

    def residuals(p):
        return weights * (p[0] + p[1] * x ** -p[2] - y)

    def jacobian(p):
        powers = x ** -p[2]
        slopes = [np.ones_like(x), powers, -p[1] * np.log(x) * powers]
        return weights[:, None] * np.stack(slopes, axis=1)

    if start is None:
        least = y.min() / 2
        starts = [[least, least + 1e-3, c] for c in (0.1, 0.3, 0.6, 1.0)]
    else:
        starts = [[start.a / scale, start.b * last**-start.c / scale, start.c]]
    # A draw's last digits are noise.
    tolerance = 1e-8 if start is None else 1e-4
    bounds = [0, 0, _SLOWEST], [np.inf, np.inf, _FASTEST]
    inside = np.clip(starts, [1e-9, 1e-9, 0.011], [np.inf, np.inf, 1.99])
    best = min(
        (
            optimize.least_squares(
                residuals, p, jacobian, bounds, ftol=tolerance, xtol=tolerance
            )
            for p in inside
        ),
        key=lambda one: one.cost,
    )
    a, b, c = best.x.tolist()
    return PowerLaw(a * scale, b * scale * last**c, c)
