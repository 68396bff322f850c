"""What XLA does to the speed of a training step, as measured."""

# By model, kind of device, and numbers in an input: the speed with XLA over
# that without, of the CPU time that `benchmarks/xla.py` prints for two cores.
_SPEEDS = {
    "lenet5": {"CPU": {3072: 0.55}},
    "mlp": {"CPU": {64: 0.92, 784: 1.22, 2352: 1.43, 3072: 1.50}},
    "mobilenet_v2": {"CPU": {3072: 0.34}},
    "resnet20": {"CPU": {3072: 0.75}},
    "softmax_regression": {"CPU": {64: 0.90, 784: 0.91, 3072: 0.83}},
}


def speed(name, numbers, kind):
    """Returns a step's speed with XLA over that without, or None.

    It is that of the largest input measured that isn't larger.

    Args:
        name: a model's name.
        numbers: how many numbers an input has.
        kind: `"CPU"` or `"GPU"`.

    >>> speed("mlp", 28 * 28, "CPU"), speed("mlp", 1, "CPU")
    (1.22, None)
    """
    found = _SPEEDS.get(name, {}).get(kind, {})
    sizes = [size for size in found if size <= numbers]
    return found[max(sizes)] if sizes else None
