"""The functions that a served regression answers with."""

import keyword
import re

import tensorflow as tf

from kerasnotes.training import records


def signatures(model, facts):
    """Return the signatures of a regression.

    `serving_default` takes a tensor for each column, by `input_names`, and
    `model_inputs` takes `features`, `[b, columns]`: both give `prediction`,
    `[b]`. All are float32, but for columns that it would round: these, and
    features that hold one, are float64.

    Args:
        model: the model.
        facts: the task's facts.
    """
    columns, wide = facts["features"], facts["float64"]
    dtype = model.input.dtype

    def from_features(features):
        return {"prediction": model(features, training=False)[:, 0]}

    def from_columns(*columns):
        columns = [tf.cast(column, dtype) for column in columns]
        return from_features(tf.stack(columns, axis=-1))

    spec = tf.TensorSpec
    return {
        "serving_default": records.Signature(
            from_columns,
            tuple(
                spec([None], _dtype(column in wide), name)
                for column, name in zip(
                    columns, input_names(columns), strict=True
                )
            ),
        ),
        "model_inputs": records.Signature(
            from_features,
            (spec([None, len(columns)], tf.as_dtype(dtype), "features"),),
        ),
    }


def _dtype(wide):
    return tf.float64 if wide else tf.float32


def input_names(columns):
    """Return a name for each column that a signature's input can have.

    What isn't a letter, digit or underscore of ASCII becomes an underscore.

    Args:
        columns: the names of the columns.

    >>> input_names(["age", "bmi (kg/m²)", "2nd", "class", "bmi [kg/m3]"])
    ['age', 'bmi_kg_m', 'x_2nd', 'x_class', 'bmi_kg_m3']
    >>> input_names(["T", "t"])
    ['T', 't_']
    """
    names, lower = [], set()
    for column in columns:
        name = re.sub(r"[^0-9A-Za-z]+", "_", column).strip("_")
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"x_{name}"
        # TensorFlow takes names of other case for the same.
        while name.lower() in lower:
            name += "_"
        lower.add(name.lower())
        names.append(name)
    return names
