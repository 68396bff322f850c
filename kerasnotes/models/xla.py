"""What XLA does to the speed of a training step, as measured."""

# By model, kind of device, and numbers in an input: the speed with XLA over
# that without, of `python -m benchmarks.xla`.
_SPEEDS = {
    "mlp": {"CPU": {64: 0.92, 784: 1.4}},
}


def speed(name, numbers, kind):
    """Returns a step's speed with XLA over that without, or None.

    It is that of the largest input measured that isn't larger.

    Args:
        name: a model's name.
        numbers: how many numbers an input has.
        kind: `"CPU"` or `"GPU"`.

    >>> speed("mlp", 28 * 28, "CPU") > 1.05, speed("mlp", 1, "CPU")
    (True, None)
    """
    found = _SPEEDS.get(name, {}).get(kind, {})
    sizes = [size for size in found if size <= numbers]
    return found[max(sizes)] if sizes else None
