"""A network as it is served, whatever its weights."""

import tempfile

import tensorflow as tf

from kerasnotes.training.serve import export


def served(task, trained):
    """Return the SavedModel's `serving_default`, a function of its inputs.

    Args:
        task: the task.
        trained: its `records.Trained`.
    """
    with tempfile.TemporaryDirectory() as folder:
        export.write_saved_model(task.signatures(trained), folder)
        model = tf.saved_model.load(folder)
    # The function alone would let the model go.
    return lambda **inputs: model.signatures["serving_default"](**inputs)
