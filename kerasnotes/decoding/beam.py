"""Beam search."""

import math
from typing import Any, NamedTuple

from keras import ops

from kerasnotes.decoding import hypotheses
from kerasnotes.ops import sequences


class _Beam(NamedTuple):
    """The hypotheses of each example."""

    tokens: Any  # int32 (b, W, steps)
    lengths: Any  # int32 (b, W)
    log_probs: Any  # float32 (b, W), -inf where a slot is empty
    finished: Any  # booleans (b, W)


def beam_search(
    step,
    cache,
    start,
    steps,
    width,
    alpha=0.7,
    reorder=hypotheses.reorder,
    *,
    end=sequences.END,
    pad=sequences.PAD,
):
    """Search for the likeliest sequences, B at a time.

    Each example has B slots for hypotheses. In every step, the continuations
    of all open hypotheses by one token compete for the slots that no finished
    one holds, by

    `log P(y_1 … y_t) = log P(y_1 … y_t-1) + log p(y_t | y_1 … y_t-1)`

    One that ends in `end` is finished and keeps its slot. An example stops
    when all are finished, after `steps` tokens, or once no open one can win:

    `max finished log P / T^α ≥ max open log P / steps^α`

    From then on it changes no more, whatever else is in the batch. At the
    end the finished ones are ranked by their scores `log P / T^α`, then
    those still open, which aren't answers but beginnings. So with slots for
    all sequences the best is that of an exhaustive search over those which
    end within `steps`; only where none can end does a beginning come first.

    Of equal continuations, that of the earlier slot wins, then the lower
    token: open slots are in the order of log P. Of equal scores, the one
    finished earlier wins.

    Args:
        step: a function `(tokens, position, cache) → (logits, cache)`: from
            the last token of each hypothesis, int32 `(b, B)`, and its
            position, a scalar that counts from 0, to the scores of the next
            one, `(b, B, vocabulary)`. The token of a finished one is `pad`.
        cache: the state that the first step takes: any nest (tuples, lists,
            dictionaries) of tensors `(b, B, ...)`, which follow their
            hypotheses. Those of fewer axes, such as a number for each
            example, belong to all hypotheses and stay where they are. `step`
            returns the same nest, of the same shapes and types.
        start: int32 `(b,)`, the first tokens, which aren't part of answers.
        steps: the most tokens of an answer, `end` counted; an integer, or
            with TensorFlow a scalar tensor.
        width: B, likewise. It may exceed the vocabulary.
        alpha: α, a number of at least 0, or a scalar tensor.
        reorder: a function `(cache, parents) → cache`; see
            `kerasnotes.decoding.reorder`.
        end: the token that ends an answer, an integer.
        pad: what follows `end` in an answer, an integer.

    Returns:
        `Hypotheses`, W = B.

    Raises:
        ValueError: `steps` or `width` is below 1, `alpha` below 0, or `end`
            or `pad` no integer.

    The beam is that of Graves, "Sequence Transduction with Recurrent Neural
    Networks", 2012, section 2.4, and Sutskever et al., "Sequence to Sequence
    Learning with Neural Networks", 2014, section 3.2; the normalisation that
    of Wu et al., 2016, section 7.

    The likeliest first token, 3, isn't what the likeliest answer begins with:

    >>> table = ops.log([
    ...     [0.0, 0.0, 1.0, 0.0, 0.0],
    ...     [0.0, 0.0, 0.0, 0.6, 0.4],  # START goes on with 3 or 4,
    ...     [0.0, 0.0, 1.0, 0.0, 0.0],
    ...     [0.0, 0.0, 0.5, 0.5, 0.0],  # 3 with END or 3,
    ...     [0.0, 0.0, 1.0, 0.0, 0.0],  # 4 with END.
    ... ])
    >>> def step(tokens, position, cache):
    ...     return ops.take(table, tokens, axis=0), cache
    >>> answers = beam_search(step, (), ops.array([1]), steps=3, width=2)
    >>> answers.tokens.numpy().tolist()
    [[[4, 2, 0], [3, 2, 0]]]
    """
    hypotheses.check_count(steps=steps, width=width)
    end, pad = hypotheses.check_tokens(end=end, pad=pad)

    def going_on(position, stopped, last, beam, cache):
        return ops.logical_and(
            position < steps, ops.logical_not(ops.all(stopped))
        )

    def go_on(position, stopped, last, beam, cache):
        logits, cache = step(last, position, cache)
        parents, last, beam = _extend(beam, stopped, logits, position, end, pad)
        cache = reorder(cache, parents)
        return position + 1, _stops(beam, steps, alpha), last, beam, cache

    shape = (ops.shape(start)[0], width)
    beam = _first(*shape, steps, pad)
    last = ops.broadcast_to(ops.cast(start, "int32")[:, None], shape)
    cache = hypotheses.tensors(cache)
    state = (0, ops.zeros(shape[:1], "bool"), last, beam, cache)
    *_, beam, _ = ops.while_loop(going_on, go_on, state)
    return hypotheses.rank(*beam, alpha, pad)


def _first(batch, width, steps, pad):
    """Return beams with one hypothesis each: the empty one."""
    zeros = ops.zeros((batch, width), "int32")
    empty = ops.where(ops.arange(width, dtype="int32") > 0, -math.inf, 0.0)
    return _Beam(
        ops.full((batch, width, steps), pad, "int32"),
        zeros,
        ops.broadcast_to(ops.cast(empty, "float32"), (batch, width)),
        ops.zeros((batch, width), "bool"),
    )


def _extend(beam, stopped, logits, position, end, pad):
    """Return the parents, the new tokens and the beam after a step."""
    batch, width = ops.shape(beam.log_probs)
    held = ops.logical_or(beam.finished, stopped[:, None])
    totals, tokens = _continuations(logits, beam.log_probs, held)
    each = ops.shape(totals)[-1]
    totals, tokens = (
        ops.reshape(x, (batch, width * each)) for x in (totals, tokens)
    )
    # What is held competes first, and always wins.
    held = ops.where(held, math.inf, -math.inf)
    best, places = hypotheses.top_k(
        ops.concatenate([held, totals], axis=1), width
    )
    stays = best == math.inf
    places_of_new = ops.maximum(places - width, 0)
    parents = ops.where(places < width, places, places_of_new // each)
    last = hypotheses.gather(tokens, places_of_new)
    last = ops.where(stays, pad, last)
    old = _Beam(*hypotheses.reorder(tuple(beam), parents))
    ends = ops.logical_and(last == end, best > -math.inf)
    return (
        parents,
        last,
        _Beam(
            hypotheses.write(last, position, old.tokens),
            ops.where(stays, old.lengths, old.lengths + 1),
            ops.where(stays, old.log_probs, best),
            ops.where(stays, old.finished, ends),
        ),
    )


def _continuations(logits, log_probs, held):
    """Return the best continuations of each hypothesis by one token.

    No more than B of one hypothesis can be among the best B of all.

    Returns:
        Their log P, -∞ for those of what is held, and their tokens.
    """
    logits = ops.cast(logits, "float32")
    width, vocabulary = ops.shape(log_probs)[1], ops.shape(logits)[-1]
    dynamic = not isinstance(width, int) or not isinstance(vocabulary, int)
    fewer = ops.minimum if dynamic else min
    best, tokens = hypotheses.top_k(logits, fewer(width, vocabulary))
    best = best - ops.logsumexp(logits, axis=-1, keepdims=True)
    totals = hypotheses.possible(log_probs[..., None] + best)
    return ops.where(held[..., None], -math.inf, totals), tokens


def _stops(beam, steps, alpha):
    """Return which examples no open hypothesis can win, booleans `(b,)`."""
    scores = hypotheses.score(beam.log_probs, beam.lengths, alpha)
    best = ops.max(ops.where(beam.finished, scores, -math.inf), axis=1)
    hope = ops.max(ops.where(beam.finished, -math.inf, beam.log_probs), axis=1)
    return best >= hypotheses.score(hope, steps, alpha)
