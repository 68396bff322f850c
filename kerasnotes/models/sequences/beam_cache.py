"""Keys and values of a beam's hypotheses, each written once.

Hypothesis w of W writes what it adds at step t to slot `W · t + w`, and there
it stays. What goes on from another hypothesis only changes its path: whose
slot it sees at each step. So no keys or values are gathered.
"""

import keras
from keras import ops

# Steps that are written one by one, before they move to the others together.
# TensorFlow copies all of a tensor of which it writes a part.
_FEW = 16


def start(like, width, steps):
    """Returns an empty cache.

    Args:
        like: a nest of tensors `(batch, heads, anything, size)`, such as keys
            and values of the source.
        width: W, an integer or a scalar tensor.
        steps: the most steps there may be, likewise.

    Returns:
        A dictionary: `old` and `new`, nests of tensors
        `(batch, heads, slots, size)`, and `path`, int32 `(batch, W, steps)`
        at least, -1 where there is no step yet.
    """
    steps = -(-steps // _FEW) * _FEW

    def empty(steps):
        return keras.tree.map_structure(
            lambda x: ops.zeros(_shape(x, steps * width), x.dtype), like
        )

    batch = ops.shape(keras.tree.flatten(like)[0])[0]
    path = ops.full((batch, width, steps), -1, "int32")
    return {"old": empty(steps), "new": empty(_FEW), "path": path}


def advance(cache, position):
    """Returns where and what a step sees, and the cache before it writes.

    Args:
        cache: what `start` returned, with what steps wrote to `new` since.
        position: the step, from 0, a scalar.

    Returns:
        A tuple: the first of the W slots of `new` to write to; booleans
        `(batch, W, slots)`, true where a hypothesis sees the slots of `old`,
        then those of `new`; and the cache.
    """
    _, width, steps = ops.shape(cache["path"])
    first = position // _FEW * _FEW
    now = ops.arange(steps, dtype="int32") == position
    own = ops.arange(width, dtype="int32")
    path = ops.where(now, own[:, None], cache["path"])
    old = _move(cache, position, width)
    slot = (position - first) * width
    return slot, _seen(path, first), {**cache, "old": old, "path": path}


def _shape(x, slots):
    batch, heads, _, size = ops.shape(x)
    return (batch, heads, slots, size)


def _seen(path, first):
    """Returns what `advance` does, with the first step whose slots are new."""
    batch, width, steps = ops.shape(path)
    old = ops.where(ops.arange(steps, dtype="int32") < first, path, -1)
    new = ops.slice(path, (0, 0, first), (batch, width, _FEW))
    path = ops.concatenate([old, new], axis=-1)
    seen = path[..., None] == ops.arange(width, dtype="int32")
    return ops.reshape(seen, (batch, width, -1))


def _move(cache, position, width):
    """Returns the old keys and values, with the new ones if those are full."""

    def move():
        slot = (position - _FEW) * width
        return keras.tree.map_structure(
            lambda old, new: ops.slice_update(old, (0, 0, slot, 0), new),
            cache["old"],
            cache["new"],
        )

    full = ops.logical_and(position > 0, position % _FEW == 0)
    return ops.cond(full, move, lambda: cache["old"])
