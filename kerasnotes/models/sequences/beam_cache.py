"""Keys and values of a beam's hypotheses, each written once.

Hypothesis w of W writes the keys and values of step t to slot `W · t + w`,
and there they stay. What goes on from another hypothesis only changes its
path: whose slot is visible to it at each step. So no keys or values are
gathered.
"""

import keras
from keras import ops

RECENT_STEPS = 16
"""Steps written one by one, before they move to the past together: TensorFlow
copies all of a tensor of which it writes a part."""


def start(like, width, steps):
    """Return an empty cache.

    Args:
        like: a nest of tensors `(batch, heads, anything, size)`, such as keys
            and values of the source.
        width: W, an integer or a scalar tensor.
        steps: the most steps there may be, likewise.

    Returns:
        A dictionary: `past` and `recent`, nests of tensors
        `(batch, heads, slots, size)`, and `path`, int32 `(batch, W, steps)`
        at least, -1 where there is no step yet.
    """
    steps = -(-steps // RECENT_STEPS) * RECENT_STEPS

    def empty(steps):
        return keras.tree.map_structure(
            lambda x: ops.zeros(_shape(x, steps * width), x.dtype), like
        )

    batch = ops.shape(keras.tree.flatten(like)[0])[0]
    path = ops.full((batch, width, steps), -1, "int32")
    return {
        "past": empty(steps),
        "recent": empty(RECENT_STEPS),
        "path": path,
    }


def advance(cache, position):
    """Return a step's slots, those visible, and the cache before it writes.

    Args:
        cache: what `start` returned, with what steps wrote to `recent` since.
        position: the step, from 0, a scalar.

    Returns:
        A tuple: the first of the W slots of `recent` to write to; booleans
        `(batch, W, slots)`, true where the slots of `past`, then those of
        `recent`, are visible to a hypothesis; and the cache.
    """
    _, width, steps = ops.shape(cache["path"])
    first = position // RECENT_STEPS * RECENT_STEPS
    now = ops.arange(steps, dtype="int32") == position
    rows = ops.arange(width, dtype="int32")
    path = ops.where(now, rows[:, None], cache["path"])
    past = _move(cache, position, width)
    slot = (position - first) * width
    return slot, _visible(path, first), {**cache, "past": past, "path": path}


def _shape(x, slots):
    batch, heads, _, size = ops.shape(x)
    return (batch, heads, slots, size)


def _visible(path, first):
    """Return the visible slots, with the first step that is recent."""
    batch, width, steps = ops.shape(path)
    past = ops.where(ops.arange(steps, dtype="int32") < first, path, -1)
    recent = ops.slice(path, (0, 0, first), (batch, width, RECENT_STEPS))
    path = ops.concatenate([past, recent], axis=-1)
    visible = path[..., None] == ops.arange(width, dtype="int32")
    return ops.reshape(visible, (batch, width, -1))


def _move(cache, position, width):
    """Return the past, with the recent steps if all of those are written."""

    def move():
        slot = (position - RECENT_STEPS) * width
        return keras.tree.map_structure(
            lambda old, new: ops.slice_update(old, (0, 0, slot, 0), new),
            cache["past"],
            cache["recent"],
        )

    full = ops.logical_and(position > 0, position % RECENT_STEPS == 0)
    return ops.cond(full, move, lambda: cache["past"])
