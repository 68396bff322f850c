"""BLEU of translations, by sacrebleu."""

import dataclasses
import itertools
import json

from kerasnotes import errors

TOKENIZERS = ("13a", "char", "intl", "none", "zh")
"""Those that need nothing more than sacrebleu itself."""

# A bootstrap draws all its samples at once, 48 bytes for each sentence drawn.
_DRAWN, _FEWEST = 5_000_000, 100


@dataclasses.dataclass(frozen=True)
class Bleu:
    """A corpus' BLEU.

    Attributes:
        score: from 0 to 100.
        precisions: the clipped n-gram precisions p_1 to p_4, in per cent.
        brevity_penalty: BP, at most 1.
        interval: `(low, high)`, a 95 % interval of the score, or None.
        signature: how it was reckoned, which belongs beside the score.
    """

    score: float
    precisions: tuple
    brevity_penalty: float
    interval: tuple | None
    signature: str

    @property
    def text(self):
        """The score, with its interval where there is one."""
        if self.interval is None:
            return f"{self.score:.1f}"
        return "{:.1f} ({:.1f}–{:.1f})".format(self.score, *self.interval)


def bleu(hypotheses, references, tokenize="13a", smooth="exp", bootstrap=1000):
    """Return the BLEU of a corpus, by sacrebleu; case counts.

    `BLEU = BP · exp(1/4 Σ_n log p_n)`, n from 1 to 4. p_n is the share of the
    outputs' n-grams that the references have, each counted at most as often
    as it stands in that reference of its sentence which has it most; counts
    are summed over the corpus. `BP = min(1, exp(1 - r/c))`, c the outputs'
    length in words and r the references', of several the nearest one's.

    Args:
        hypotheses: the outputs, texts as people write them, not cut into
            tokens.
        references: a text for each, or a list of texts for each.
        tokenize: how sacrebleu cuts words, one of `TOKENIZERS`; `"zh"` and
            `"char"` are for scripts without spaces.
        smooth: what p_n is where no n-gram is right: `"none"` 0, and BLEU
            with it; `"exp"`, sacrebleu's default, a little.
        bootstrap: how many samples of the sentences, with replacement, the
            interval is from; 1 for none. Of many sentences it takes fewer,
            and there is no interval where they would be under 100.

    Returns:
        A `Bleu`.

    Raises:
        UserError: sacrebleu is not installed.
        ValueError: there is no text, a hypothesis has no reference, or
            `tokenize` or `smooth` is unknown.

    Sources: K. Papineni et al., BLEU: a method for automatic evaluation of
    machine translation (2002), section 2; M. Post, A call for clarity in
    reporting BLEU scores (2018).

    >>> found = bleu(["the cat the cat on the mat"],
    ...     [["the cat is on the mat", "there is a cat on the mat"]])
    >>> print("{:.4f} {:.4f}".format(*found.precisions))  # 5/7, 4/6
    71.4286 66.6667
    >>> found.signature.split("|")[:2]
    ['nrefs:2', 'case:mixed']
    """
    hypotheses, references = _checked(hypotheses, references)
    metric = _metric(tokenize, smooth)
    samples = min(bootstrap, _DRAWN // len(hypotheses))
    if samples < _FEWEST or len(hypotheses) == 1:
        samples = 1
    # sacrebleu takes all first references, all second ones, ….
    streams = list(itertools.zip_longest(*references))
    result = metric.corpus_score(hypotheses, streams, n_bootstrap=samples)
    signature = str(metric.get_signature())
    return Bleu(
        min(100.0, result.score),
        tuple(result.precisions),
        result.bp,
        _interval(result, signature) if samples > 1 else None,
        signature,
    )


def sentence_bleu(hypotheses, references, tokenize="13a"):
    """Return the BLEU of each sentence alone, a list.

    A sentence of fewer than four words has no 4-grams: the mean is over the
    n that there are. These scores rank the sentences of one corpus; their
    mean is not its BLEU.

    Args:
        hypotheses: the outputs, see `bleu`.
        references: a text for each, or a list of texts for each.
        tokenize: how sacrebleu cuts words.

    Raises:
        UserError: sacrebleu is not installed.
        ValueError: see `bleu`.

    >>> [round(score) for score in sentence_bleu(["Go on!", "Stop it!"],
    ...     ["Go on!", "Stop that!"])]
    [100, 35]
    """
    hypotheses, references = _checked(hypotheses, references)
    metric = _metric(tokenize, "exp", effective_order=True)
    return [
        min(100.0, metric.sentence_score(hypothesis, texts).score)
        for hypothesis, texts in zip(hypotheses, references, strict=True)
    ]


def _metric(tokenize, smooth, **kwargs):
    metrics = errors.optional_import("BLEU", "sacrebleu.metrics", "translate")
    _among("tokenize", tokenize, TOKENIZERS)
    _among("smooth", smooth, ("exp", "none"))
    return metrics.BLEU(tokenize=tokenize, smooth_method=smooth, **kwargs)


def _checked(hypotheses, references):
    """Return the texts, with a list of references for each."""
    hypotheses = list(hypotheses)
    references = [[r] if isinstance(r, str) else list(r) for r in references]
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError(
            "`hypotheses` has one text or more, and `references` an entry for "
            f"each. Received: {len(hypotheses)} and {len(references)}"
        )
    if not all(references):
        raise ValueError(
            "`references` has one text or more for each hypothesis. "
            f"Received: none at {references.index([])}"
        )
    return hypotheses, references


def _among(name, value, values):
    if value not in values:
        raise ValueError(
            f"`{name}` is one of {', '.join(values)}. Received: {value}"
        )


def _interval(result, signature):
    fields = json.loads(result.format(4, is_json=True, signature=signature))
    if "confidence" not in fields:  # Every sample's score is 0.
        return 0.0, 0.0
    middle, reach = fields["confidence_mean"], fields["confidence_var"]
    return max(0.0, middle - reach), min(100.0, middle + reach)
