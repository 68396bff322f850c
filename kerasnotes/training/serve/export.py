"""Exports: SavedModel, LiteRT and ONNX, each checked against the model."""

import dataclasses
import os
import statistics
import subprocess
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import errors, files
from kerasnotes.training.serve import folding

TENSORS = "model_inputs"
"""The signature on the model's own inputs: LiteRT and ONNX take it alone."""

# Beyond what another order of sums explains.
_TOLERANCES = {
    "float32": 1e-3,
    "mixed_float16": 2e-2,
    "mixed_bfloat16": 1e-1,
}


def formats(text):
    """Return the formats that `--export` names, the SavedModel first.

    >>> formats("onnx,saved_model")
    ['saved_model', 'onnx']
    """
    named = {name.strip() for name in text.split(",") if name.strip()}
    for name in named:
        if name not in _WRITERS:
            raise errors.unknown("--export", name, _WRITERS)
        for module, extra in _EXTRAS.get(name, {}).items():
            errors.optional_import(f"--export={name}", module, extra)
    # The others are converted from the SavedModel.
    return [name for name in _WRITERS if name in named | {"saved_model"}]


def export(task, trained, data, folder):
    """Write the model in the formats asked for, and check each.

    Args:
        task: the `Task`, for its signatures.
        trained: the `Trained`.
        data: the `Data`, for examples to compare the answers on.
        folder: the run's folder.

    Returns:
        A dictionary of format to its figures: size in megabytes, median
        milliseconds for one example, and the largest difference from the
        model's answers.
    """
    x = _examples(data)
    if getattr(task.config, "fold_batch_norm", False):
        trained = _folded(task, trained, x)
    signatures = task.signatures(trained)
    x = _named(signatures[TENSORS], x)
    want = signatures[TENSORS].function(*map(tf.constant, x.values()))
    figures = {}
    for name in formats(task.config.export):
        path, answer = _WRITERS[name](signatures, folder)
        got = answer(x)
        difference = max(
            _difference(got[key], np.asarray(want[key]))
            for key in want
            if want[key].dtype.is_floating
        )
        if not difference < _TOLERANCES[task.config.precision]:
            raise errors.UserError(
                f"--export={name}: its answers differ from the model's by "
                f"{difference:.1e}; export another format"
            )
        figures[name] = {
            "size_mb": round(_bytes(path) / 2**20, 3),
            "latency_ms": round(
                _latency(answer, {k: v[:1] for k, v in x.items()}), 3
            ),
            "largest_difference": difference,
        }
        print(
            f"{path}: {figures[name]['size_mb']} MB, "
            f"{figures[name]['latency_ms']} ms an example, differs from the "
            f"model by at most {difference:.1e}"
        )
    for bound in _bounds(task.config):
        value = figures["saved_model"][bound.name]
        verdict = "kept" if bound.holds(value) else "BROKEN"
        print(f"--satisfy: {bound} is {verdict}: {value}")
    return figures


def _examples(data):
    """Return inputs of the model."""
    if data.example is not None:
        return data.example
    split = data.splits["dev"]
    x, *_ = next(iter(split.evaluation_batches(min(split.size, 16))))
    return x


def _bounds(config):
    """Return the `Bound`s on size and latency of the SavedModel."""
    selection = getattr(config, "selection", None)
    return selection().export_bounds if selection else []


def _named(signature, x):
    """Return a batch as arrays by the names of a signature's inputs."""
    names = [spec.name for spec in signature.inputs]
    x = x if isinstance(x, dict) else dict(zip(names, [x], strict=True))
    return {name: np.asarray(x[name]) for name in names}


def _folded(task, trained, x):
    """Folds batch norm away, and says what that gains."""
    model = folding.fold_batch_norm(trained.model)
    if model.count_params() == trained.model.count_params():
        print("--fold_batch_norm: the model has none that can be folded")
        return trained
    folded = dataclasses.replace(trained, model=model)
    before, after = (
        tf.function(task.signatures(t)[TENSORS].function)
        for t in (trained, folded)
    )
    want, got = before(x), after(x)
    difference = max(
        _difference(got[key].numpy(), want[key].numpy()) for key in want
    )
    old, new = (_latency(answer, x[:1]) for answer in (before, after))
    print(
        f"batch norm folded: {old:.3f} ms an example before, {new:.3f} ms "
        f"after, {old / new:.2f} times as fast; differs by at most "
        f"{difference:.1e}"
    )
    return folded


def write_saved_model(signatures, path):
    """Write a SavedModel, and return it loaded.

    Args:
        signatures: dictionary of name to `Signature`.
        path: its folder.
    """
    # It finds the variables by itself; of a tracked model it writes two copies.
    archive = keras.export.ExportArchive()
    for name, signature in signatures.items():
        archive.add_endpoint(name, signature.function, list(signature.inputs))
    with files.aside_folder(path) as partial:
        archive.write_out(str(partial), verbose=False)
    return tf.saved_model.load(str(path))


def _saved_model(signatures, folder):
    path = folder / "saved_model"
    loaded = write_saved_model(signatures, path)

    def answer(x):
        # The closure keeps the loaded object alive beside its signature.
        x = {name: tf.constant(value) for name, value in x.items()}
        got = loaded.signatures[TENSORS](**x)
        return {key: value.numpy() for key, value in got.items()}

    return path, answer


def _litert(signatures, folder):
    from ai_edge_litert.interpreter import Interpreter

    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder / "saved_model"), signature_keys=[TENSORS]
    )
    try:
        data = converter.convert()
    # ConverterError has no name of its own in TensorFlow's interface.
    except Exception as error:
        raise errors.UserError(
            "--export=litert: TensorFlow's converter can't take this model; "
            f"give --export=saved_model ({type(error).__name__})"
        ) from error
    path = folder / "model.tflite"
    files.write_bytes(path, data)
    runner = Interpreter(model_content=data).get_signature_runner(TENSORS)
    return path, lambda x: runner(**x)


def _onnx(signatures, folder):
    import onnxruntime

    path = folder / "model.onnx"
    with files.aside(path) as partial:
        # Its program alone converts SavedModels, whose constants are inside.
        done = subprocess.run(
            [sys.executable, "-m", "tf2onnx.convert", "--tag=serve"]
            + ["--saved-model", str(folder / "saved_model")]
            + ["--signature_def", TENSORS, "--output", str(partial)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise errors.UserError(
                "--export=onnx: tf2onnx can't convert this model: "
                f"{(done.stderr.splitlines() or ['no reason given'])[-1]}"
            )
    data = path.read_bytes()
    session = onnxruntime.InferenceSession(data)
    names = [output.name for output in session.get_outputs()]

    def answer(x):
        return dict(zip(names, session.run(names, x), strict=True))

    return path, answer


_WRITERS = {"saved_model": _saved_model, "litert": _litert, "onnx": _onnx}
_EXTRAS = {
    "litert": {"ai_edge_litert": "litert"},
    "onnx": {"tf2onnx": "onnx", "onnxruntime": "onnx"},
}


def _difference(got, want):
    """Return the largest difference, as a share of answers above 1."""
    scale = max(1.0, float(np.max(np.abs(want))))
    return float(np.max(np.abs(got - want))) / scale


def _latency(answer, x, runs=20):
    """Return the median milliseconds of a call."""
    answer(x)
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        answer(x)
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def _bytes(path):
    if path.is_file():
        return path.stat().st_size
    return sum(
        os.path.getsize(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
    )
