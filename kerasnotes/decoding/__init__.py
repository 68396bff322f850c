"""Decoders: from a function of one step to sequences.

All take a function `step(tokens, position, cache) → (logits, cache)`, which
models of sequences have; see `beam_search`.
"""

from kerasnotes.decoding.beam import beam_search
from kerasnotes.decoding.hypotheses import Hypotheses, reorder, score
from kerasnotes.decoding.single import greedy, sample

__all__ = [
    "Hypotheses",
    "beam_search",
    "greedy",
    "reorder",
    "sample",
    "score",
]


def __dir__():
    return __all__
