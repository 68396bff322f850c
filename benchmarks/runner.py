"""What the runner costs over a bare `model.fit`, a step.

    python -m benchmarks.runner

The same LeNet-5 and the same pipeline of digits, in turn, with and without
the runner's callbacks and checkpoints; the median of five ratios.
"""
