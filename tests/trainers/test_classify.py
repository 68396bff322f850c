"""The classifier's command line."""

import csv
import io
import json
import os

import keras
import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors, models
from kerasnotes.tasks import classify
from tests.support import alone, csv_rows, digits, forks

QUICK = ["--epochs=3", "--learning_rate=0.003"]


@pytest.fixture(scope="module")
def run_dir(trainer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "a"
    trainer("classify", f"--run_dir={folder}", *QUICK)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with a PNG of each digit, and the digits themselves."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels, labels = digits.pictures()
    for label in range(10):
        first = np.flatnonzero(labels == label)[0]
        digits.save(pixels[first], folder / f"{label}.png")
    return folder


def test_everything_promised_is_there(run_dir):
    for name in (
        "config.json",
        "metrics.json",
        "history.csv",
        "checkpoints",
        "model.keras",
        "saved_model/saved_model.pb",
        "figures/curves.png",
        "figures/confusion.png",
        "report.html",
        "mistakes.csv",
    ):
        assert (run_dir / name).exists(), name
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["model"] == "lenet5"
    assert metrics["parameters"] == 61706
    for split in ("train", "dev", "test"):
        assert 0.5 < metrics[split]["accuracy"] <= 1
    page = (run_dir / "report.html").read_text()
    assert "http://" not in page and "https://" not in page


def test_mistakes_have_columns_to_tag(run_dir):
    metrics = json.loads((run_dir / "metrics.json").read_text())
    rows = csv_rows.read(run_dir / "mistakes.csv")
    wrong = round((1 - metrics["dev"]["accuracy"]) * metrics["dev"]["size"])
    assert len(rows) == wrong
    assert {"id", "true", "given", "confidence"} <= set(rows[0])


def test_finished_says_so(here, run_dir, capsys):
    here(classify.Classify, f"--run_dir={run_dir}", *QUICK)
    assert "finished" in capsys.readouterr().out


def test_evaluate_prints_the_same_metrics(here, run_dir, capsys):
    here(classify.Classify, f"--run_dir={run_dir}", "--mode=evaluate")
    metrics = json.loads((run_dir / "metrics.json").read_text())
    lines = capsys.readouterr().out.splitlines()
    (line,) = [x for x in lines if x.startswith("accuracy")]
    told = [f"{metrics[s]['accuracy']:.4f}" for s in ("train", "dev", "test")]
    assert line.split()[1:] == told


def test_predict_prints_a_line_an_input(here, run_dir, pictures, capsys):
    def predict(*words):
        words = [f"--run_dir={run_dir}", "--mode=predict", *words]
        here(classify.Classify, *words)
        return capsys.readouterr().out

    assert len(predict(pictures / "3.png").splitlines()) == 1
    rows = list(csv.DictReader(io.StringIO(predict("--format=csv", pictures))))
    assert [os.path.basename(r["file"])[0] for r in rows] == list("0123456789")
    right = sum(r["label"] == os.path.basename(r["file"])[0] for r in rows)
    assert right >= 8
    lines = predict("--format=json", pictures).splitlines()
    answers = [json.loads(line) for line in lines]
    assert [a["label"] for a in answers] == [r["label"] for r in rows]


def test_predict_names_what_it_cannot_read(run_dir, pictures):
    broken = pictures.parent / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    words = [f"--run_dir={run_dir}", "--mode=predict"]
    program = forks.Program(
        "trainers.classify", *words, pictures / "1.png", broken
    )
    status, output, told = program.wait()
    assert status == 1
    assert len(output.splitlines()) == 1
    assert str(broken) in told and "Traceback" not in told


ALONE = """
import json, sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
images = [open(path, "rb").read() for path in sys.argv[2:]]
got = model.signatures["serving_default"](image_bytes=tf.constant(images))
raw = tf.stack([tf.io.decode_png(x) for x in images])
two = model.signatures["images"](images=raw)
print(json.dumps({
    "label": [x.decode() for x in got["label"].numpy()],
    "classes": [x.decode() for x in got["classes"].numpy()[0]],
    "probabilities": got["probabilities"].numpy().tolist(),
    "again": two["probabilities"].numpy().tolist(),
}))
"""


def test_served_without_keras(run_dir, pictures):
    paths = sorted(pictures.iterdir())
    got = json.loads(alone.run(ALONE, run_dir / "saved_model", *paths))
    assert got["classes"] == list("0123456789")
    model = models.load(run_dir / "model.keras")
    raw = np.stack([np.asarray(Image.open(p))[..., None] for p in paths])
    raw = keras.ops.image.resize(raw.astype("float32"), [32, 32])
    raw = keras.ops.round(raw)
    want = keras.ops.softmax(model(raw, training=False))
    np.testing.assert_allclose(got["probabilities"], want, atol=1e-5)
    np.testing.assert_allclose(got["again"], want, atol=1e-5)
    largest = np.argmax(got["probabilities"], axis=-1)
    assert got["label"] == [got["classes"][i] for i in largest]


@pytest.mark.parametrize(
    "words, told",
    [
        (["--dataset=nowhere_at_all"], "nowhere_at_all"),
        (["--dataset=/no/such/folder"], "/no/such/folder"),
        (["--model=lenet"], "did you mean 'lenet5'"),
        (["--optimizer=adm"], "did you mean 'adam'"),
        (["--lr_schedule=cosin"], "did you mean 'cosine'"),
        (["--augment=lite"], "did you mean 'light'"),
        (["--optimize=f2"], "--optimize: unknown 'f2'"),
        (["--satisfy=recall_min=>x"], "--satisfy"),
        (["--export=tflite"], "--export"),
        (["--batch_size=5000"], "--batch_size=5000"),
        (["--epochs=0"], "--epochs"),
        (["--epochs=99999999999999999999"], "--epochs"),
        (["--early_stop=0"], "--early_stop"),
        (["--seed=4294967296"], "--seed"),
        (["--l2=nan"], "--l2"),
        (["--steps_per_execution=0"], "--steps_per_execution"),
        (["--image_size=0"], "--image_size"),
        (["--optimizer=adam:beta_1=foo"], "--optimizer=adam:beta_1=foo"),
        (["--optimizer=adam:use_ema=true"], "--weight_average"),
        (["--dataset="], "--dataset="),
        (["--activation=foo", "--model=mlp"], "--activation: unknown"),
        (["--hidden=4"], "--hidden"),
        (["--hidden=a", "--model=mlp"], "--hidden"),
        (["--dropout=-1"], "dropout"),
        (["--class_weight=nine=2"], "'nine'"),
        (["--threshold=auto"], "--threshold=auto: is for two classes"),
        (["--threshold=1.5"], "--threshold=1.5"),
        (["--threshold=high"], "--threshold=high"),
        (["--threshold=auto", "--optimize=loss"], "--optimize=f1"),
        (["--split=train[:50"], "--split"),
        (["--weight_average=2"], "--weight_average"),
        (["picture.png"], "picture.png"),
    ],
)
def test_bad_input_gets_one_line(here, tmp_path, words, told):
    with pytest.raises(errors.UserError) as caught:
        here(classify.Classify, f"--run_dir={tmp_path / 'run'}", *words)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    # The corrected command isn't held up by what the wrong one left.
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("dropout", ["0.2", "0.2,0.5"])
def test_flags_reach_the_model(dropout):
    config = classify.Config(
        dropout=dropout, l2=2.0, activation="relu", initializer="he"
    )
    facts = {
        "classes": list("ab"),
        "input_shape": [32, 32, 1],
        "mean": [1.0],
        "std": [2.0],
        "train": 100,
    }
    model = classify.Classify(config).model(facts)
    rates = [
        layer.rate
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    last = float(dropout.split(",")[-1])
    np.testing.assert_allclose(rates, [0.2, last])
    kernel = model.get_layer("dense_1").kernel
    np.testing.assert_allclose(
        kernel.regularizer(kernel), 2.0 / 200 * np.sum(np.square(kernel)), 1e-5
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--mode=evaluate", "--model=mlp"],
        ["--mode=export", "--resize=crop"],
        ["--mode=export", "--dataset=elsewhere"],
        ["--mode=predict", "--image_size=28", "a.png"],
    ],
)
def test_a_trained_model_keeps_to_its_flags(here, run_dir, words):
    before = (run_dir / "saved_model" / "saved_model.pb").read_bytes()
    with pytest.raises(errors.UserError, match="leave the flag out"):
        here(classify.Classify, f"--run_dir={run_dir}", *words)
    after = (run_dir / "saved_model" / "saved_model.pb").read_bytes()
    assert after == before


def test_errors_leave_status_1_and_no_traceback(forked):
    words = ["--run_dir=/proc/nobody", *QUICK]
    status, _, told = forked("classify", *words, check=False)
    assert status == 1
    assert told.startswith("trainers.classify: --run_dir=/proc/nobody")
    assert len(told.splitlines()) == 1


def test_help_lists_the_flags(trainer):
    done = trainer("classify", "--help", check=False)
    for flag in ("--run_dir", "--model", "--lr_schedule", "--augment"):
        assert flag in done.stdout
