"""No broken file of a run ends in a traceback, or is silently another."""

import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from PIL import Image

from kerasnotes import files
from kerasnotes.data.pictures import features
from kerasnotes.training.run import folder as run_folder
from tests.support import forks, fuzzing, guarded
from tests.support.programs import broken_runs as broken

LAST = "checkpoints/last-000000008.npz"
BEST = "checkpoints/best-000000008.npz"
# Reader, file, cases in CI, and cases that are slow.
READ = (
    ("checkpoint", LAST, 50, 250),
    ("checkpoint", BEST, 50, 250),
    ("config", "config.json", 60, 300),
    ("metrics", "metrics.json", 30, 150),
    ("model", "model.keras", 30, 300),
    ("start", "model.keras", 30, 300),
    ("start", "own.weights.h5", 20, 400),
    ("start", "old.h5", 20, 400),
    ("nudge", "nudge.json", 30, 150),
    ("sheet", "mistakes.csv", 30, 150),
    ("score", "mistakes.csv", 30, 150),
    ("cached", "features/train.npy", 40, 150),
    ("resume", LAST, 1, 9),
    ("resume", BEST, 0, 6),
    ("resume", "model.keras", 0, 6),
    ("resume", "metrics.json", 0, 6),
    ("resume", "nudge.json", 0, 6),
    ("resume", "history.csv", 0, 3),
    ("evaluate", "model.keras", 1, 9),
    ("evaluate", "config.json", 0, 9),
    ("predict", "model.keras", 0, 9),
    ("predict", "config.json", 0, 9),
    ("export", "model.keras", 0, 9),
    ("ensemble", "model.keras", 0, 9),
    ("ensemble", "config.json", 0, 9),
    ("analyzed", "mistakes.csv", 0, 20),
    ("scored", "mistakes.csv", 1, 20),
    ("compared", "model.keras", 0, 9),
    ("compared", "config.json", 0, 9),
    ("looked", "model.keras", 0, 9),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A finished run, and what a person puts beside it."""
    folder = tmp_path_factory.mktemp("base") / "run"
    broken.run(folder, **broken.TRAINED)
    model = broken.runs.open_run(folder).trained.model
    model.save_weights(folder / "own.weights.h5")
    kernel, bias = model.get_weights()
    with h5py.File(folder / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"logits"]
        group = file.create_group("logits")
        group.attrs["weight_names"] = [b"logits/kernel:0", b"logits/bias:0"]
        group["logits/kernel:0"], group["logits/bias:0"] = kernel, bias
    asked = {"learning_rate": 0.003, "stop": False}
    (folder / "nudge.json").write_text(json.dumps(asked))
    broken.analyzed(folder, None, None)
    lines = (folder / "mistakes.csv").read_text().splitlines()
    lines[1:9] = [line[:-1] + "blurry;wrong label," for line in lines[1:9]]
    (folder / "mistakes.csv").write_text("\n".join(lines) + "\n")
    arguments = broken.feature_arguments()
    features.cached(*arguments, folder / "features/train.npy", 16)
    picture = np.zeros((8, 8), "uint8")
    Image.fromarray(picture).save(folder.parent / "three.png")
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    broken.search(folder)
    return folder


def cases(reader, folder, name, count, seed):
    for what, data in fuzzing.mutations(
        (folder / name).read_bytes(), count, seed
    ):
        yield f"{reader} {name} {what}", (reader, str(folder), name, data)


def read_all(base, column, seed):
    found = [
        case
        for row in READ
        for case in cases(row[0], base, row[1], row[column], seed)
    ]
    return guarded.guarded_run(broken.check, found, seconds=60)


def test_files_of_a_run(base):
    assert len(read_all(base, 2, seed=1)) > 400


@pytest.mark.slow
def test_many_files_of_a_run(base):
    read_all(base, 3, seed=2)


@pytest.mark.parametrize(
    "name, count",
    [
        ("study.db", 30),
        pytest.param("study.db", 400, marks=pytest.mark.slow),
        pytest.param("study.json", 20, marks=pytest.mark.slow),
    ],
)
def test_files_of_a_search(study, name, count):
    found = cases("studied", study, name, count, seed=count)
    guarded.guarded_run(broken.check, list(found), seconds=60)


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts, method=zipfile.ZIP_STORED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return data.getvalue()


def array(value, pickled=False):
    data = io.BytesIO()
    np.lib.format.write_array(data, value, allow_pickle=pickled)
    return data.getvalue()


def header(shape, kind="<f4"):
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        data, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return data.getvalue()


def evil_checkpoints(base):
    """Yield archives that are whole, and no checkpoints."""
    parts = members(base / LAST)
    first = next(iter(parts.keys() - {"__state__.npy"}))
    for shape in ((2**33,), (10**12, 10**5), (-1,)):
        yield f"shape {shape}", zipped(parts | {first: header(shape)})
    yield "items of 2 GB", zipped(parts | {first: header((9,), "|V2000000000")})
    yield (
        "pickle",
        zipped(parts | {first: array(np.array([print], object), pickled=True)}),
    )
    yield "text", zipped(parts | {"other": b"text"})
    yield (
        "zeros",
        zipped(parts | {first: array(np.zeros(10**8))}, zipfile.ZIP_DEFLATED),
    )
    yield "lzma", zipped(parts, zipfile.ZIP_LZMA)
    yield "outside", zipped(parts | {"../../x.npy": array(np.ones(1))})
    for state in (
        b"[" * 100_000,
        b"[]",
        b'{"best_file": 3}',
        b'{"epoch": "x"}',
        b'{"best_file": "../config.json"}',
    ):
        text = array(np.frombuffer(state, np.uint8))
        yield f"state {state[:20]}", zipped(parts | {"__state__.npy": text})


def evil_configs(base):
    """Yield files of JSON that no run has written."""
    path = base / "config.json"
    whole = files.read_sealed(path)
    yield "deep", b"[" * 100_000
    yield "deep in it", b'{"task": ' + b'{"a":' * 100_000
    for depth in range(900, 1001, 4):
        yield f"depth {depth}", b"[" * depth + b"]" * depth
    for value in (None, [], 3, "x", {}):
        yield f"{value}", json.dumps(value).encode()
        for key in ("task", "flags", "data", "chosen", "checksum"):
            changed = json.loads(path.read_bytes()) | {key: value}
            yield f"{key}: {value}", json.dumps(changed).encode()
    for key in whole["data"]:
        changed = json.loads(path.read_bytes())
        changed["data"][key] = {"a": []}
        yield f"data {key}", json.dumps(changed).encode()
        del changed["data"][key]
        yield f"no data {key}", json.dumps(changed).encode()
    for key in whole["flags"].keys() - run_folder.OF_ONE_COMMAND:
        # As another version would have written it.
        changed = whole | {"flags": whole["flags"] | {key: [1]}}
        path = base.parent / "config.json"
        files.write_sealed(path, changed)
        yield f"--{key}", path.read_bytes()


def evil_models(base):
    """Yield `.keras` files with code or too much in them."""
    parts = members(base / "model.keras")
    inputs = keras.Input([4])
    outputs = keras.layers.Lambda(lambda x: print("code") or x)(inputs)
    made = keras.Model(inputs, outputs)
    path = base.parent / "lambda.keras"
    made.save(path)
    yield "Lambda", path.read_bytes()
    config = json.loads(members(path)["config.json"])
    layer = config["config"]["layers"][1]
    function = layer["config"]["function"]
    for module, name, registered in (
        ("os", "system", None),
        ("os", "system", "kerasnotes>LeNet5"),
        ("builtins", "eval", "eval"),
        ("subprocess", "run", None),
        ("keras.utils", "get_file", None),
        ("keras.src.utils.file_utils", "get_file", None),
        ("keras.src.saving.saving_lib", "load_model", None),
        ("keras.config", "enable_unsafe_deserialization", None),
    ):
        told = {"module": module, "registered_name": registered}
        function.clear()
        function |= told | {"class_name": "function", "config": name}
        text = json.dumps(config)
        yield f"{module}.{name}", zipped(parts | {"config.json": text})
        whole = told | {"class_name": name, "config": {"command": "true"}}
        text = json.dumps(whole)
        yield f"class {module}.{name}", zipped(parts | {"config.json": text})
    for kind in ("TFSMLayer", "TorchModuleWrapper"):
        layer |= {"class_name": kind, "config": {"filepath": str(base)}}
        text = json.dumps(config)
        yield kind, zipped(parts | {"config.json": text})
    own = json.loads(parts["config.json"])
    for key, value in (
        ("classes", 10**9),
        ("input_shape", [2**15, 2**15, 1]),
        ("mean", {"class_name": "__lambda__", "config": {"code": "x"}}),
    ):
        text = json.dumps(own | {"config": own["config"] | {key: value}})
        yield f"{key}: {value}", zipped(parts | {"config.json": text})
    yield "deep", zipped(parts | {"config.json": b"[" * 100_000})
    yield "outside", zipped(parts | {"../../x": b"x"})
    yield "zeros", zipped(parts | {"assets/x": bytes(10**8)}, 8)
    yield "lzma", zipped(parts, zipfile.ZIP_LZMA)
    for what, data in evil_weights(base):
        yield what, zipped(parts | {"model.weights.h5": data})


def evil_weights(base):
    """Yield HDF5 files that lead elsewhere or are larger than they are."""
    whole = members(base / "model.keras")["model.weights.h5"]
    elsewhere = str(base / "own.weights.h5")
    for what in ("external", "soft", "storage", "huge", "text", "nan", "int"):
        data = io.BytesIO(whole)
        with h5py.File(data, "a") as file:
            (name,) = (
                n for n in file["layers"] if len(file[f"layers/{n}/vars"])
            )
            group = file[f"layers/{name}/vars"]
            shape = group["0"].shape
            del group["0"]
            if what == "external":
                group["0"] = h5py.ExternalLink(
                    elsewhere, f"layers/{name}/vars/0"
                )
            elif what == "soft":
                group["0"] = h5py.SoftLink(f"/layers/{name}/vars/1")
            elif what == "storage":
                size = 4 * int(np.prod(shape))
                group.create_dataset(
                    "0", shape, "f4", external=[(elsewhere, 0, size)]
                )
            elif what == "huge":
                group.create_dataset("0", (2**18, 2**12), "f4", chunks=True)
            elif what == "text":
                group["0"] = np.full(shape, "x", object)
            else:
                kind = {"nan": "f4", "int": "i4"}[what]
                fill = {"nan": np.nan, "int": 1}[what]
                group["0"] = np.full(shape, fill, kind)
        yield what, data.getvalue()


def test_files_made_to_harm(base):
    found = [
        (f"checkpoint {what}", ("checkpoint", str(base), LAST, data))
        for what, data in evil_checkpoints(base)
    ]
    for what, data in evil_configs(base):
        found.append(
            (f"config {what}", ("refused", str(base), "config.json", data))
        )
    for what, data in evil_models(base):
        if what in ("nan", "int"):
            continue
        for reader in ("refused", "unsafe"):
            found.append(
                (f"{reader} {what}", (reader, str(base), "model.keras", data))
            )
    for what, data in evil_weights(base):
        for name in ("own.weights.h5", "own.keras"):
            parts = members(base / "model.keras") | {"model.weights.h5": data}
            data_ = zipped(parts) if name == "own.keras" else data
            found.append(
                (
                    f"start {name} {what}",
                    ("not_started", str(base), name, data_),
                )
            )
    guarded.guarded_run(broken.check, found)


def test_a_command_line_tells_it_in_one_line(base, tmp_path):
    path = tmp_path / "run"
    broken.shutil.copytree(base, path)
    data = bytearray((path / "model.keras").read_bytes())
    data[len(data) // 2] ^= 1
    (path / "model.keras").write_bytes(data)
    words = [f"--run_dir={path}", "--mode=evaluate"]
    status, _, told = forks.Program("trainers.classify", *words).wait()
    assert status == 1
    assert f"{path / 'model.keras'}: not a model" in told.splitlines()[-1]
    assert "Traceback" not in told
