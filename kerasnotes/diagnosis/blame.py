"""Whether beam search or the model is to blame for wrong outputs."""

import dataclasses
import typing

import numpy as np

from kerasnotes.diagnosis import intervals

BEAM, MODEL = "beam", "model"

# Both are at fault alike if neither can have more than this share.
_ALIKE = 0.6


@dataclasses.dataclass(frozen=True)
class Blame:
    """Whose fault each wrong output is.

    Attributes:
        faults: `BEAM`, `MODEL`, or "" for right outputs, `[n]`.
        reference_scores: what the search would score the references, `[n]`.
        output_scores: what it scored its outputs, `[n]`.
        alpha: the exponent of its length normalisation.
    """

    faults: typing.Any
    reference_scores: typing.Any
    output_scores: typing.Any
    alpha: float

    @property
    def wrong(self):
        """How many outputs are wrong."""
        return int((self.faults != "").sum())

    def places(self, fault):
        """Return where `fault`, `BEAM` or `MODEL`, is to blame."""
        return np.flatnonzero(self.faults == fault)

    def share(self, fault):
        """Return its share of the wrong outputs, or None if none is wrong.

        It is an `intervals.Measure`, with Wilson's interval.
        """
        if not self.wrong:
            return None
        share = len(self.places(fault)) / self.wrong
        return intervals.Measure(share, self.wrong)

    @property
    def verdict(self):
        """One sentence: whose fault, and what to do about it."""
        if not self.wrong:
            return "no output is wrong: there is nobody to blame"
        beam, model = (
            intervals.percent(self.share(fault).error).removesuffix(".0")
            for fault in (BEAM, MODEL)
        )
        low, high = self.share(BEAM).interval
        if high < 0.5:
            advice = "train the model rather than widen the beam"
        elif low > 0.5:
            advice = "widen the beam rather than train the model"
        elif max(high, 1 - low) <= _ALIKE:
            advice = "both matter alike: widen the beam and train the model"
        else:
            advice = (
                f"too few to tell, {self.wrong} wrong: judge more examples "
                "before you choose between a wider beam and a better model"
            )
        return f"beam at fault in {beam} %, model in {model} %: {advice}"


def blame(
    wrong,
    reference_log_probs,
    reference_lengths,
    output_log_probs,
    output_lengths,
    alpha=0.7,
):
    """Return who is to blame for each wrong output, a `Blame`.

    With `score(y) = log P(y|x) / T^α`, by which the search chose, of the
    reference y* and the output ŷ:

    - score(y*) > score(ŷ): the model prefers the reference, and the search
      missed it. The beam is at fault.
    - score(y*) ≤ score(ŷ): the search was right to take ŷ. The model is.

    With α = 0 that compares the probabilities themselves.

    Args:
        wrong: whether each output is wrong, `[n]`.
        reference_log_probs: log P(y*|x), `[n]`. Reckon both in the same way,
            or rounding may decide between scores that are nearly equal.
        reference_lengths: T of y*, its tokens with the end mark, `[n]`.
        output_log_probs: log P(ŷ|x), `[n]`.
        output_lengths: T of ŷ, `[n]`.
        alpha: the exponent of the search's length normalisation.

    Raises:
        ValueError: lengths differ or are below 1, or a logarithm is above 0
            or NaN.

    Source: A. Ng, Sequence Models (2018), Error analysis in beam search.

    >>> found = blame([1, 1, 0], [-2, -9, -1], [4] * 3, [-3] * 3, [4] * 3)
    >>> found.faults.tolist()
    ['beam', 'model', '']
    >>> found.share(BEAM).text
    '50.0 % (9.5–90.5)'
    """
    wrong = np.asarray(wrong, bool)
    reference, output = (
        _scores(name, log_probs, lengths, alpha, wrong.shape)
        for name, log_probs, lengths in (
            ("reference", reference_log_probs, reference_lengths),
            ("output", output_log_probs, output_lengths),
        )
    )
    faults = np.where(wrong, np.where(reference > output, BEAM, MODEL), "")
    return Blame(faults, reference, output, alpha)


def _scores(name, log_probs, lengths, alpha, shape):
    log_probs = np.asarray(log_probs, "float64")
    lengths = np.asarray(lengths, "float64")
    if not log_probs.shape == lengths.shape == shape or len(shape) != 1:
        raise ValueError(
            f"`wrong`, `{name}_log_probs` and `{name}_lengths` have one entry "
            f"for each example. Received: shapes {shape}, {log_probs.shape} "
            f"and {lengths.shape}"
        )
    # Sums of logarithms near 0 may end a little above it.
    bad = log_probs[~(log_probs < 1e-3)]
    if bad.size:
        raise ValueError(
            f"`{name}_log_probs` are at most 0. Received: {bad[0]}"
        )
    if (lengths < 1).any():
        raise ValueError(
            f"`{name}_lengths` count the end mark and are at least 1. "
            f"Received: {lengths.min():g}"
        )
    return log_probs / lengths**alpha
