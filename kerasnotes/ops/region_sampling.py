"""How much each region counts: the mean of random samples."""

import math

from keras import ops

from kerasnotes import errors


def sampling_weights(positive, negative, size, share):
    """Return how often each region is in a random sample, on the mean.

    The papers draw `size` regions of a picture at random for its loss: of P
    positive ones `p = min(P, ⌊size · share⌋)`, and of N negative ones
    `q = min(N, size - p)`, so that a positive one is drawn with the
    probability p / P and a negative one with q / N. A loss weighed by these
    is the mean of theirs over all draws. It has no variance, needs no seed,
    and makes a step equal for any number of replicas.

    Args:
        positive: bool, `(batch, n)`.
        negative: bool, `(batch, n)`; one that is positive is none.
        size: how many regions of a picture are drawn at most.
        share: at most this share of `size` is positive, from 0 to 1.

    Returns:
        float32 `(batch, n)`, 0 where a region is neither.

    Raises:
        ValueError: an argument is out of its range.

    >>> positive = [[True, True, False, False, False, False]]
    >>> negative = [[False, False, True, True, True, False]]
    >>> sampling_weights(positive, negative, size=3, share=0.34).numpy()
    array([[0.5      , 0.5      , 0.6666667, 0.6666667, 0.6666667, 0.       ]],
          dtype=float32)

    Source: Girshick, Fast R-CNN (2015), section 2.3; Ren et al., Faster R-CNN
    (2015), section 3.1.3.
    """
    check_sampling(size, share)
    positive, negative = (
        ops.cast(ops.convert_to_tensor(x), "bool") for x in (positive, negative)
    )
    negative = ops.logical_and(negative, ops.logical_not(positive))
    # 100 · 0.29 is 28.999999999999996.
    most = math.floor(size * share + 1e-6)
    drawn, weights = 0.0, []
    for of_kind, bound in ((positive, most), (negative, size)):
        number = ops.sum(ops.cast(of_kind, "float32"), axis=-1, keepdims=True)
        drawn = ops.minimum(number, bound - drawn)
        chance = drawn / ops.maximum(number, 1.0)
        weights.append(ops.where(of_kind, chance, 0.0))
    return weights[0] + weights[1]


def check_sampling(size, share):
    """Refuse a sample of no regions, and a share that is none.

    Args:
        size: how many are drawn.
        share: of positive ones.

    Raises:
        ValueError: see above.
    """
    if size < 1:
        raise errors.refusal(
            "`size`", f"`size` must be 1 or more. Received: size={size}"
        )
    if not 0 <= share <= 1:
        raise errors.refusal(
            "`share`", f"`share` must be from 0 to 1. Received: share={share}"
        )
