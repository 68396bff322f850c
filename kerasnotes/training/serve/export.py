"""Exports: SavedModel, LiteRT and ONNX, each checked against the model."""

import dataclasses
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from kerasnotes import archives, errors, files
from kerasnotes.training.run import command
from kerasnotes.training.serve import folding

TENSORS = "model_inputs"
"""The signature on the model's own inputs: LiteRT and ONNX take it alone."""

INPUTS = "export.npz"
"""The file of the run's folder with inputs to compare exports on."""

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

    The inputs on which the answers are compared are kept in the folder, so
    that a later export asks for no data.

    Args:
        task: the `Task`, for its signatures.
        trained: the `Trained`.
        data: the `Data`, for examples to compare the answers on.
        folder: the run's folder.

    Returns:
        A dictionary of format to its figures: size in megabytes, median
        milliseconds for one example, and the largest difference from the
        model's answers; or the reason why it is `refused`, see `check`.

    Raises:
        UserError: the SavedModel, from which others are converted, is.
    """
    signatures = task.signatures(trained)
    x = _named(signatures[TENSORS], examples(data))
    with files.aside(folder / INPUTS) as partial:
        np.savez(partial, **x)
    if getattr(task.config, "fold_batch_norm", False):
        signatures = task.signatures(_folded(task, trained, x))
    want = signatures[TENSORS].function(*map(tf.constant, x.values()))
    figures = {}
    for name in formats(task.config.export):
        try:
            path, answer = _WRITERS[name](signatures, folder)
            difference = _compare(name, answer(x), want, task.config.precision)
        except errors.UserError as error:
            if name == "saved_model":
                raise
            figures[name] = {"refused": str(error)}
            continue
        figures[name] = {
            "size_mb": round(_bytes(path) / 2**20, 3),
            "latency_ms": round(_latency(answer, _one(x)), 3),
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


def check(figures):
    """Refuses an export of which not all formats could be written.

    Args:
        figures: what `export` returned.

    Raises:
        UserError: a format was refused.
    """
    refused = [of["refused"] for of in figures.values() if "refused" in of]
    if refused:
        raise errors.UserError("; ".join(refused))


def read_inputs(folder):
    """Return the inputs that a run keeps for its exports, by their names.

    Args:
        folder: the run's folder.

    Returns:
        A dictionary of arrays, or None where there are none that can be read.
    """
    try:
        archives.check_zip(folder / INPUTS)
        with np.load(folder / INPUTS) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # Zip and NumPy raise at will.
        return None


def _compare(name, got, want, precision):
    """Return the largest difference of a format's answers from the model's."""
    difference = max(
        _difference(got[key], np.asarray(want[key]))
        for key in want
        if want[key].dtype.is_floating
    )
    if not difference < _TOLERANCES[precision]:
        raise errors.UserError(
            f"--export={name}: its answers differ from the model's by "
            f"{difference:.1e}; export another format"
        )
    return difference


def _one(x):
    return {name: values[:1] for name, values in x.items()}


def examples(data):
    """Return inputs of the model: an array, or a dictionary of them."""
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
    want, got = (answer(*x.values()) for answer in (before, after))
    difference = max(
        _difference(got[key].numpy(), want[key].numpy()) for key in want
    )
    old, new = (
        _latency(lambda one, answer=answer: answer(*one.values()), _one(x))
        for answer in (before, after)
    )
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
    # Keras' ExportArchive would trace each function a second time.
    answers = {
        name: tf.function(
            signature.function, autograph=False
        ).get_concrete_function(*signature.inputs)
        for name, signature in signatures.items()
    }
    module = tf.Module()
    module.all_variables = list(
        {id(v): v for f in answers.values() for v in f.variables}.values()
    )
    with files.aside_folder(path) as partial:
        tf.saved_model.save(module, str(partial), signatures=answers)
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
        with command.quiet():
            data = converter.convert()
            lite = Interpreter(model_content=data)
            runner = lite.get_signature_runner(TENSORS)
    # ConverterError has no name of its own in TensorFlow's interface.
    except Exception as error:
        raise errors.UserError(
            "--export=litert: TensorFlow's converter can't take this model "
            f"({type(error).__name__}); give another format, or train with "
            "--precision=float32 if it isn't"
        ) from error
    path = folder / "model.tflite"
    files.write_bytes(path, data)
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
    try:
        session = onnxruntime.InferenceSession(path.read_bytes())
    except Exception as error:  # onnxruntime's have no common name.
        raise errors.UserError(
            f"--export=onnx: {path} can't be run ({type(error).__name__}); "
            "give another format"
        ) from error
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
