"""What decoding returns, and how hypotheses are gathered and ranked."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops


class Hypotheses(NamedTuple):
    """The answers to a batch of b sources, W for each, the best first.

    What is finished comes before what was cut off, and either in the order
    of its scores. Where there are fewer than W, the last ones have no tokens
    and a log probability and score of -∞.

    Attributes:
        tokens: int32 `(b, W, steps)`, without the start, with the token that
            ends an answer if there is one, and `pad` after it.
        lengths: int32 `(b, W)`, the numbers of tokens T, that token counted.
        log_probs: float32 `(b, W)`, the log probabilities that the model
            gives the tokens.
        scores: float32 `(b, W)`; see `score`.
    """

    tokens: Any
    lengths: Any
    log_probs: Any
    scores: Any


def score(log_probs, lengths, alpha=0.7):
    """Return log probabilities normalised by length.

    `score = log P / T^α`

    A sum of T logarithms favours short answers; at α = 1 it becomes their
    mean, at α = 0 it stays as it is.

    Args:
        log_probs: log P, at most 0, of any shape.
        lengths: T, the end counted; likewise. Those below 1 count as 1.
        alpha: α, a number of at least 0 or a scalar tensor.

    Raises:
        ValueError: α is below 0.

    Wu et al., "Google's Neural Machine Translation System", 2016, section 7,
    with `T^α` for their `(5 + T)^α / 6^α`.

    >>> [round(float(s), 3) for s in score([-6.0, -6.0], [4, 9], alpha=0.5)]
    [-3.0, -2.0]
    """
    if isinstance(alpha, (int, float)) and not alpha >= 0:
        raise ValueError(f"`alpha` must be at least 0. Received: alpha={alpha}")
    lengths = ops.cast(ops.maximum(lengths, 1), "float32")
    return log_probs / ops.power(lengths, ops.cast(alpha, "float32"))


def reorder(cache, parents):
    """Return a cache in which hypotheses go on from others.

    `reordered[i, j] = leaf[i, parents[i, j]]`

    Args:
        cache: a nest of tensors `(b, W, ...)`; those of fewer than two axes
            stay as they are.
        parents: for each hypothesis, the one that it goes on from, int32
            `(b, W)`.

    >>> cache = {"last": ops.array([[[1.0], [2.0]]])}
    >>> reorder(cache, ops.array([[1, 1]]))["last"].numpy().tolist()
    [[[2.0], [2.0]]]
    """

    def follow(leaf):
        return leaf if len(leaf.shape) < 2 else gather(leaf, parents)

    return keras.tree.map_structure(follow, cache)


def tensors(cache):
    """Return a cache whose numbers and arrays are tensors.

    >>> tensors({"count": 0})["count"].dtype.name
    'int32'
    """
    return keras.tree.map_structure(ops.convert_to_tensor, cache)


def gather(x, places):
    """Return `x[i, places[i, j]]` at `[i, j]`.

    Args:
        x: a tensor `(b, n, ...)`.
        places: int32 `(b, m)`.

    Returns:
        A tensor `(b, m, ...)`.

    >>> gather(ops.array([[5, 6], [7, 8]]), ops.array([[1], [0]])).numpy()
    array([[6],
           [7]], dtype=int32)
    """
    batch, count, *rest = ops.shape(x)
    rows = ops.reshape(x, (batch * count, *rest))
    first = ops.arange(batch, dtype="int32")[:, None] * count
    return ops.take(rows, first + places, axis=0)


def top_k(x, k):
    """Return the k largest of the last axis, and where they are.

    Of equal ones the first comes first, on every backend.

    Args:
        x: a tensor `(..., n)`.
        k: at most n, an integer or a scalar tensor.

    Returns:
        Tensors `(..., k)`, the second int32.

    >>> top_k(ops.array([2.0, 3.0, 3.0]), 2)[1].numpy().tolist()
    [1, 2]
    """
    if keras.config.backend() in ("tensorflow", "jax"):
        return ops.top_k(x, k)
    # Others' top_k may put equal ones in any order; their argsort is stable.
    places = ops.argsort(-x, axis=-1)[..., :k]
    return ops.take_along_axis(x, places, axis=-1), places


def possible(log_probs):
    """Return log probabilities, with -∞ for what isn't a number.

    It is what follows where a model gives no token a probability above 0.
    """
    return ops.where(log_probs > -math.inf, log_probs, -math.inf)


def write(tokens, position, answers):
    """Return the answers with a token more at `position`.

    Args:
        tokens: int32 `(b, W)`.
        position: a scalar.
        answers: int32 `(b, W, steps)`.
    """
    here = ops.arange(ops.shape(answers)[-1], dtype="int32") == position
    return ops.where(here, tokens[..., None], answers)


def rank(tokens, lengths, log_probs, finished, alpha, pad):
    """Return the `Hypotheses`, the best first.

    Args:
        tokens: int32 `(b, W, steps)`.
        lengths: int32 `(b, W)`.
        log_probs: float32 `(b, W)`.
        finished: booleans `(b, W)`.
        alpha: the exponent of the length normalisation.
        pad: the token in hypotheses that there aren't.
    """
    exists = log_probs > -math.inf
    tokens = ops.where(exists[..., None], tokens, pad)
    lengths = ops.where(exists, lengths, 0)
    scores = score(log_probs, lengths, alpha)
    width = ops.shape(scores)[1]
    _, order = top_k(scores, width)
    done = ops.cast(gather(finished, order), "float32")
    order = gather(order, top_k(done, width)[1])
    return Hypotheses(*reorder((tokens, lengths, log_probs, scores), order))


def check_count(**arguments):
    """Refuses a number below 1; tensors are let through."""
    for name, value in arguments.items():
        if isinstance(value, int) and value < 1:
            raise ValueError(
                f"`{name}` must be at least 1. Received: {name}={value}"
            )


def check_tokens(**arguments):
    """Return tokens as integers, and refuses what is none."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise ValueError(
                f"`{name}` must be an integer. Received: {name}={value!r}"
            )
    return [int(value) for value in arguments.values()]
