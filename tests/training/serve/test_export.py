"""Exports answer as the model does."""

import dataclasses
import importlib.util
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.training import records
from kerasnotes.training.serve import export


@pytest.fixture
def trained(toy):
    """The toy task with batch norm whose statistics are no identity."""
    task = toy(toy.Config(export="saved_model", fold_batch_norm=True))
    inputs = keras.Input([4])
    # Its constants are no variables: converters must find them all the same.
    x = keras.layers.Normalization(mean=[1.0] * 4, variance=[4.0] * 4)(inputs)
    x = keras.layers.Dense(8)(x)
    x = keras.layers.BatchNormalization()(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    rng = np.random.default_rng(0)
    model.set_weights(
        [rng.uniform(0.5, 2, size=w.shape) for w in model.get_weights()]
    )
    data = task.data()
    return task, records.Trained(model, data.facts), data


@pytest.mark.parametrize(
    "name, module",
    [
        ("saved_model", "tensorflow"),
        ("litert", "ai_edge_litert"),
        ("onnx", "tf2onnx"),
    ],
)
def test_every_format_answers_the_same(trained, tmp_path, name, module):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    task, result, data = trained
    task = type(task)(dataclasses.replace(task.config, export=name))
    figures = export.export(task, result, data, tmp_path)
    assert figures[name]["largest_difference"] < 1e-5
    assert figures[name]["size_mb"] > 0


def test_bounds_are_checked(trained, tmp_path, capsys):
    task, result, data = trained
    bounds = "size_mb<=100,latency_ms<=0.000001"
    task = type(task)(dataclasses.replace(task.config, satisfy=bounds))
    export.export(task, result, data, tmp_path)
    told = capsys.readouterr().out
    assert "size_mb<=100 is kept" in told
    assert "latency_ms<=1e-06 is BROKEN" in told


def test_folded_batch_norm_is_gone(trained, tmp_path, capsys):
    task, result, data = trained
    export.export(task, result, data, tmp_path)
    told = re.search(
        r"([\d.]+) times as fast; differs by at most (\S+)",
        capsys.readouterr().out,
    )
    assert float(told[1]) > 0
    assert float(told[2]) < 1e-4
    loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    served = loaded.signatures["serving_default"]
    held = [x for x in served.captured_inputs if x.dtype == tf.resource]
    assert len(held) == 4  # Two kernels, two biases.
    x = next(iter(data.splits["dev"].evaluation_batches(8)))[0]
    want = keras.ops.softmax(result.model(x, training=False))
    got = served(points=x)["probabilities"]
    np.testing.assert_allclose(got, want, atol=1e-4)


def test_nothing_to_fold_is_told(trained, tmp_path, capsys):
    task, result, data = trained
    plain = keras.Sequential([keras.Input([4]), keras.layers.Dense(2)])
    plain = dataclasses.replace(result, model=plain)
    export.export(task, plain, data, tmp_path)
    told = capsys.readouterr().out
    assert "--fold_batch_norm: the model has none" in told
    assert "times as fast" not in told


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(export._EXTRAS, "onnx", {"no_such_module": "onnx"})
    with pytest.raises(errors.UserError, match=r"kerasnotes\[onnx\]"):
        export.formats("onnx")


def test_what_litert_cannot_convert_is_told(toy, tmp_path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    task = toy(toy.Config(export="litert,onnx"))
    inputs = keras.Input([4])
    # A loop of no known length.
    x = keras.layers.GRU(2)(keras.ops.expand_dims(inputs, -1))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    figures = export.export(
        task, records.Trained(model, {}), task.data(), tmp_path
    )
    assert figures["onnx"]["largest_difference"] < 1e-5
    assert (tmp_path / "model.onnx").exists()
    with pytest.raises(errors.UserError, match="--export=litert: TensorFlow's"):
        export.check(figures)


def test_what_the_converter_prints_of_half_precision_is_one_line(
    tmp_path, capfd
):
    pytest.importorskip("ai_edge_litert")
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    inputs = keras.Input([8, 8, 1])
    x = keras.layers.Conv2D(2, 3, dtype=policy)(inputs)
    model = keras.Model(inputs, keras.layers.Flatten(dtype="float32")(x))
    spec = tf.TensorSpec([None, 8, 8, 1], tf.float32, "pixels")
    signature = records.Signature(lambda pixels: {"y": model(pixels)}, (spec,))
    signatures = {export.TENSORS: signature}
    export.write_saved_model(signatures, tmp_path / "saved_model")
    capfd.readouterr()
    with pytest.raises(errors.UserError) as caught:
        export._litert(signatures, tmp_path)
    assert "\n" not in str(caught.value)
    assert not "".join(capfd.readouterr())


def test_inputs_are_kept_for_a_later_export(trained, tmp_path):
    task, result, data = trained
    assert export.read_inputs(tmp_path) is None
    export.export(task, result, data, tmp_path)
    inputs = export.read_inputs(tmp_path)
    x, *_ = next(iter(data.splits["dev"].evaluation_batches(16)))
    np.testing.assert_array_equal(inputs["points"], x)
    kept = records.Data({}, data.facts, inputs)
    figures = export.export(task, result, kept, tmp_path)
    assert figures["saved_model"]["largest_difference"] < 1e-5
