"""One hypothesis for each example: the likeliest tokens, or drawn ones."""

import math

import keras
from keras import ops

from kerasnotes.decoding import hypotheses
from kerasnotes.ops import sequences


def greedy(
    step,
    cache,
    start,
    steps,
    alpha=0.7,
    *,
    end=sequences.END,
    pad=sequences.PAD,
):
    """Take the likeliest token at each step, the lowest of equal ones.

    `y_t = argmax_y p(y | y_1 … y_t-1)`

    Args:
        step: as in `beam_search`, with one hypothesis for each example.
        cache: the state that the first step takes, as in `beam_search`, with
            one hypothesis for each example: `(b, 1, ...)`.
        start: int32 `(b,)`, the first tokens, which aren't part of answers.
        steps: the most tokens of an answer, `end` counted; an integer, or
            with TensorFlow a scalar tensor.
        alpha: the exponent of the scores' length normalisation.
        end: the token that ends an answer, an integer.
        pad: what follows `end` in an answer, an integer.

    Returns:
        `Hypotheses`, W = 1.

    Raises:
        ValueError: `steps` is below 1, `alpha` below 0, or `end` or `pad` no
            integer.

    >>> def step(tokens, position, cache):  # Counts down to 2, the end.
    ...     return ops.one_hot(ops.maximum(tokens - 1, 2), 6), cache
    >>> greedy(step, (), ops.array([5]), steps=4).tokens.numpy().tolist()
    [[[4, 3, 2, 0]]]
    """

    def choose(logits, position):
        return ops.argmax(logits, axis=-1)

    return _decode(step, cache, start, steps, alpha, choose, end, pad)


def sample(
    step,
    cache,
    start,
    steps,
    temperature=1.0,
    top_k=None,
    top_p=None,
    seed=None,
    alpha=0.7,
    *,
    end=sequences.END,
    pad=sequences.PAD,
):
    """Draws each token at random, by the probabilities of the model.

    `p(y) ∝ exp(logit_y / temperature)`

    of the `top_k` likeliest tokens, and of these of the nucleus: the fewest
    likeliest tokens whose probabilities sum to at least `top_p`.

    Args:
        step: as in `beam_search`, with one hypothesis for each example.
        cache: the state that the first step takes, as in `beam_search`, with
            one hypothesis for each example: `(b, 1, ...)`.
        start: int32 `(b,)`, the first tokens, which aren't part of answers.
        steps: the most tokens of an answer, `end` counted; an integer, or
            with TensorFlow a scalar tensor.
        temperature: a number above 0: below 1 it sharpens the probabilities,
            towards `greedy`, above 1 it flattens them.
        top_k: how many tokens to draw from; None for all.
        top_p: the probability of the nucleus, in (0, 1]; None for all.
        seed: an integer, which always draws the same, a
            `keras.random.SeedGenerator`, or None for one of Keras' own.
        alpha: the exponent of the scores' length normalisation.
        end: the token that ends an answer, an integer.
        pad: what follows `end` in an answer, an integer.

    Returns:
        `Hypotheses`, W = 1. Their log probabilities are the model's, of
        temperature 1 and all tokens.

    Raises:
        ValueError: an argument is outside its range.

    Fan et al., "Hierarchical Neural Story Generation", 2018, section 5.4, for
    the top k; Holtzman et al., "The Curious Case of Neural Text
    Degeneration", 2020, section 3.1, for the nucleus.

    >>> def step(tokens, position, cache):
    ...     return ops.log([[[0.0, 0.0, 0.1, 0.5, 0.4]]]), cache
    >>> answer = sample(step, (), ops.array([1]), 9, top_p=0.8, seed=1)
    >>> sorted(set(answer.tokens.numpy().ravel().tolist()))
    [3, 4]
    """
    _check(temperature, top_k, top_p)
    shape = (ops.shape(start)[0], steps)
    drawn = keras.random.uniform(shape, dtype="float32", seed=seed)

    def choose(logits, position):
        tokens = None
        if top_k is not None or top_p is not None:
            vocabulary = ops.shape(logits)[-1]
            least = min if isinstance(vocabulary, int) else ops.minimum
            count = vocabulary if top_k is None else least(top_k, vocabulary)
            logits, tokens = hypotheses.top_k(logits, count)
        largest = ops.max(logits, axis=-1, keepdims=True)
        weights = ops.exp((logits - largest) / temperature)
        place = _draw(weights, top_p, ops.take(drawn, position, axis=1))
        if tokens is None:
            return place
        return hypotheses.gather(tokens, place[:, None])[:, 0]

    return _decode(step, cache, start, steps, alpha, choose, end, pad)


def _draw(weights, top_p, drawn):
    """Return where the distribution function first exceeds a number.

    Args:
        weights: float32 `(b, n)`, in the ratio of the probabilities; with
            `top_p`, in descending order.
        top_p: the probability of the nucleus, or None.
        drawn: float32 `(b,)`, in [0, 1).
    """
    sums = ops.cumsum(weights, axis=-1)
    inside = weights > 0
    if top_p is not None:
        nucleus = sums - weights < top_p * sums[:, -1:]
        inside = ops.logical_and(inside, nucleus)
    # Sums made in parallel may fall by a rounding; what is outside must not
    # be drawn even then.
    sums = ops.where(inside, sums, 0.0)
    total = ops.max(sums, axis=-1, keepdims=True)
    beyond = sums > drawn[:, None] * total
    return ops.argmax(ops.cast(beyond, "int32"), axis=-1)


def _decode(step, cache, start, steps, alpha, choose, end, pad):
    """Decode one hypothesis for each example.

    `choose` is a function of float32 logits `(b, vocabulary)` and the
    position to int32 tokens `(b,)`.
    """
    hypotheses.check_count(steps=steps)
    end, pad = hypotheses.check_tokens(end=end, pad=pad)

    def going_on(position, finished, *_):
        return ops.logical_and(
            position < steps, ops.logical_not(ops.all(finished))
        )

    def go_on(position, finished, last, tokens, lengths, log_probs, cache):
        logits, cache = step(last, position, cache)
        logits = ops.cast(logits, "float32")
        last = choose(logits[:, 0], position)[:, None]
        gained = hypotheses.gather(logits[:, 0], last)
        gained = gained - ops.logsumexp(logits, axis=-1)
        total = hypotheses.possible(log_probs + gained)
        last = ops.where(finished, pad, last)
        over = ops.logical_or(last == end, total == -math.inf)
        return (
            position + 1,
            ops.logical_or(finished, over),
            last,
            hypotheses.write(last, position, tokens),
            ops.where(finished, lengths, lengths + 1),
            ops.where(finished, log_probs, total),
            cache,
        )

    shape = (ops.shape(start)[0], 1)
    last = ops.cast(start, "int32")[:, None]
    state = (
        0,
        ops.zeros(shape, "bool"),
        last,
        ops.full((*shape, steps), pad, "int32"),
        ops.zeros(shape, "int32"),
        ops.zeros(shape, "float32"),
        hypotheses.tensors(cache),
    )
    _, finished, _, *answers, _ = ops.while_loop(going_on, go_on, state)
    return hypotheses.rank(*answers, finished, alpha, pad)


def _check(temperature, top_k, top_p):
    """Refuses what is outside its range."""
    if isinstance(temperature, (int, float)) and not temperature > 0:
        raise ValueError(
            "`temperature` must be above 0. Received: "
            f"temperature={temperature}"
        )
    if top_k is not None:
        hypotheses.check_count(top_k=top_k)
    if isinstance(top_p, (int, float)) and not 0 < top_p <= 1:
        raise ValueError(f"`top_p` must be in (0, 1]. Received: top_p={top_p}")
