"""Every output of every signature has a row for each example.

TensorFlow Serving refuses to answer in rows (`instances`) where the outputs
differ in their first dimension.
"""

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import tasks
from kerasnotes.data.texts import vocabulary
from kerasnotes.tasks.classify import ensemble

_OF_PICTURES = {
    "classes": ["ball", "cube", "cone"],
    "input_shape": [8, 8, 1],
    "mean": [0.0],
    "std": [1.0],
    "train": 10,
}
_LETTERS = vocabulary.learn("characters", ["abc"]).to_json()
# Of each task: its flags, and the facts that its model takes.
_TASKS = {
    "classify": ({"model": "softmax_regression"}, _OF_PICTURES),
    "detect": (
        {"model": "resnet20", "strides": "4", "threshold": "0.6"},
        _OF_PICTURES
        | {"strides": [4], "anchors": [[[3, 3]]], "most_objects": 2},
    ),
    "localize": (
        {"model": "mlp", "hidden": "4"},
        _OF_PICTURES | {"points": ["tip"]},
    ),
    "multilabel": ({"model": "softmax_regression"}, _OF_PICTURES),
    "regress": (
        {},
        {
            "features": ["a", "b"],
            "target": "y",
            "mean": [0.0, 0.0],
            "std": [1.0, 1.0],
            "target_mean": 0.0,
            "target_std": 1.0,
            "float64": [],
            "train": 10,
        },
    ),
    "segment": (
        {"filters": "2,3", "normalization": "none"},
        _OF_PICTURES | {"shares": [0.5, 0.3, 0.2]},
    ),
    "translate": (
        {"width": 4},
        {
            "source_vocabulary": _LETTERS,
            "target_vocabulary": _LETTERS,
            "longest": 2,
            "train": 10,
        },
    ),
}
_PNG = tf.io.encode_png(np.zeros([9, 7, 1], np.uint8)).numpy()
_SCALARS = {"width": 2, "alpha": 0.7}


def untrained(name):
    """Return a task and its `Trained`, which has learned nothing."""
    flags, facts = _TASKS[name]
    task_class = tasks.get(name)
    task = task_class(task_class.Config(**flags))
    return task, task.Trained(task.model(facts), facts)


def batch(spec, size):
    """Return a batch of an input."""
    if spec.name in _SCALARS:
        return tf.constant(_SCALARS[spec.name], spec.dtype)
    shape = [size, *(side or 5 for side in spec.shape[1:])]
    if spec.dtype == tf.string:
        return tf.fill(shape, _PNG if spec.name == "image_bytes" else "ab")
    return tf.ones(shape, spec.dtype)


def check(signature):
    for size in (1, 2, 3):
        inputs = (batch(spec, size) for spec in signature.inputs)
        for name, output in signature.function(*inputs).items():
            assert output.shape[:1] == [size], name
            if name == "classes":
                assert [*output[-1].numpy()] == [b"ball", b"cube", b"cone"]


@pytest.mark.parametrize("name", tasks.names())
def test_outputs_have_a_row_for_each_example(name):
    task, trained = untrained(name)
    for signature in task.signatures(trained).values():
        check(signature)


def test_those_of_an_ensemble_have_too():
    members = zip(*(untrained("classify") for _ in range(2)), strict=True)
    for signature in ensemble.signatures(*members).values():
        check(signature)
