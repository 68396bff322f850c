"""The functions that a served regression answers with."""

import keyword
import re

import tensorflow as tf

from kerasnotes.training import records


def signatures(model, columns):
    """Return the signatures of a regression.

    `serving_default` takes a tensor for each column, by `input_names`, and
    `model_inputs` takes `features`, float32 `[b, columns]`: both give
    `prediction`, `[b]`.

    Args:
        model: the model.
        columns: the names of its columns.
    """

    def from_features(features):
        return {"prediction": model(features, training=False)[:, 0]}

    def from_columns(*columns):
        return from_features(tf.stack(columns, axis=-1))

    names = input_names(columns)
    spec = tf.TensorSpec
    return {
        "serving_default": records.Signature(
            from_columns,
            tuple(spec([None], tf.float32, name) for name in names),
        ),
        "model_inputs": records.Signature(
            from_features,
            (spec([None, len(names)], tf.float32, "features"),),
        ),
    }


def input_names(columns):
    """Return a name for each column that a signature's input can have.

    What isn't a letter, digit or underscore of ASCII becomes an underscore.

    Args:
        columns: the names of the columns.

    >>> input_names(["age", "bmi (kg/m²)", "2nd", "class", "bmi [kg/m3]"])
    ['age', 'bmi_kg_m', 'x_2nd', 'x_class', 'bmi_kg_m3']
    """
    names = []
    for column in columns:
        name = re.sub(r"[^0-9A-Za-z]+", "_", column).strip("_")
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"x_{name}"
        while name in names:
            name += "_"
        names.append(name)
    return names
