"""Translations, from the command to the SavedModel."""

import json
import random

import keras
import numpy as np
import pytest

from kerasnotes import errors, models
from kerasnotes.tasks.translate.task import Translate
from kerasnotes.tools.analyze import program as analyze
from kerasnotes.tools.visualize import program as visualize
from tests.support import alone, csv_rows

WORDS = ["zéro", "un", "deux", "trois", "quatre"]
WORDS += ["cinq", "six", "sept", "huit", "neuf"]
FLAGS = [
    *("--vocabulary=characters", "--judge=exact", "--learning_rate=0.01"),
    *("--batch_size=32", "--width=48", "--answers=50", "--lr_schedule=cosine"),
]


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """Return a file of numbers and their digits in words."""
    rng = random.Random(0)
    lines = ["no tab"]
    for number in rng.sample(range(1000), 700):
        words = " ".join(WORDS[int(digit)] for digit in str(number))
        lines.append(f"{number}\t{words}\tCC BY")
    path = tmp_path_factory.mktemp("pairs") / "digits.txt"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="session")
def trained(digits, tmp_path_factory, here):
    folder = tmp_path_factory.mktemp("runs") / "digits"
    flags = [f"--run_dir={folder}", f"--dataset={digits}", "--epochs=14"]
    return folder, here(Translate, *flags, *FLAGS)


def predict(here, capsys, folder, *texts):
    """Return what `--mode=predict` prints, and its status."""
    capsys.readouterr()
    status = here(
        Translate,
        *(f"--run_dir={folder}", "--mode=predict", "--format=json", *texts),
    )
    told = capsys.readouterr()
    return list(map(json.loads, told.out.splitlines())), status, told.err


def test_it_learns(trained):
    folder, metrics = trained
    assert metrics["test"]["exact_match"] > 0.9
    for side in ("train", "dev", "test"):
        found = metrics[side]
        # Greedy decoding is right where all its tokens are.
        assert found["error"] == 1 - found["sequence_accuracy"]
        assert abs(found["exact_match"] - found["sequence_accuracy"]) < 0.1
    report = (folder / "report.html").read_text()
    assert "Is beam search at fault, or the model?" in report
    assert len(list(folder.glob("figures/attention-*.png"))) == 4
    for row in csv_rows.read(folder / "mistakes.csv"):
        assert row["true"] != row["given"]
        assert row["at fault"] in ("beam", "model")


SERVE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
texts = tf.constant(json.loads(sys.argv[2]))
found = [
    model.signatures["serving_default"](text=texts),
    *(
        model.signatures["beam_search"](
            text=texts, width=tf.constant(b), alpha=tf.constant(a)
        )
        for b, a in ((1, 0.0), (3, 1.0))
    ),
]
found.append(
    model.signatures["log_prob"](text=texts, answer=found[0]["text"])
)
def plain(value):
    value = value.numpy().tolist()
    return json.loads(json.dumps(value, default=bytes.decode))
print(json.dumps([{k: plain(v) for k, v in f.items()} for f in found]))
"""


def test_served_without_keras(trained, here, capsys):
    folder, _ = trained
    texts = ["7", "406", "", "東京", "1" * 10_000]
    words = [folder / "saved_model", json.dumps(texts)]
    served, greedy, three, log_prob = json.loads(alone.run(SERVE, *words))
    assert served["truncated"] == [False] * 4 + [True]
    assert np.shape(served["alternatives"]) == (5, 4)
    answers, *_ = predict(here, capsys, folder, "7", "406")
    for i, answer in enumerate(answers):
        assert served["text"][i] == answer["answer"]
        assert served["score"][i] == pytest.approx(answer["score"], abs=1e-4)
        assert served["text"][i] == served["alternatives"][i][0]
        length, total = served["lengths"][i][0], served["log_probs"][i][0]
        assert length == log_prob["length"][i]
        assert total == pytest.approx(log_prob["log_prob"][i], abs=1e-4)
        assert served["score"][i] == pytest.approx(total / length**0.7)
        assert greedy["score"][i] == pytest.approx(greedy["log_probs"][i][0])
        assert three["score"][i] == pytest.approx(
            three["log_probs"][i][0] / three["lengths"][i][0]
        )
    assert np.shape(greedy["alternatives"]) == (5, 1)
    assert np.shape(three["alternatives"]) == (5, 3)


def test_what_cannot_be_answered_is_told(trained, here, capsys, tmp_path):
    folder, _ = trained
    lines = tmp_path / "lines.txt"
    lines.write_text("\ufeff12\n\n 34 \n")
    answers, status, told = predict(
        here, capsys, folder, "", "1" * 10_000, "東京", str(lines)
    )
    assert status == 1
    assert [line["source"] for line in answers] == ["東京", "12", "34"]
    empty, long, line = told.splitlines()
    assert empty.startswith("'': ") and len(long) < 300
    assert long.startswith("'1111") and "…': more than 20 tokens" in long
    assert f"{lines}:2: " in line


def test_a_file_that_is_not_there_is_no_text(trained, here, capsys):
    folder, _ = trained
    with pytest.raises(errors.UserError, match="no/such.txt: no such file"):
        predict(here, capsys, folder, "no/such.txt")


@pytest.mark.parametrize(
    "program, mode, told",
    [
        (visualize, "summary", "whose inputs have no size of their own"),
        (visualize, "filters", "give one that classifies pictures"),
        (analyze, "labels", "needs one class an example"),
    ],
)
def test_tools_for_pictures_refuse_it(trained, program, mode, told):
    folder, _ = trained
    with pytest.raises(errors.UserError, match=told):
        program.run({"mode": mode, "run_dir": str(folder)}, [], "")


@pytest.mark.slow
def test_it_goes_on_to_the_same_weights(digits, tmp_path, here, capsys):
    flags = [f"--dataset={digits}", *FLAGS, "--lr_schedule=constant"]
    flags += ["--model=encoder_decoder", "--batch_tokens=500"]
    for name, epochs in (("whole", (2,)), ("cut", (1, 2))):
        for count in epochs:
            words = [f"--run_dir={tmp_path / name}", f"--epochs={count}"]
            here(Translate, *flags, *words)
    told = capsys.readouterr().out
    assert "a row holds no pair and is left out: digits.txt:1: no tab" in told
    one, other = (
        models.load(tmp_path / name / "model.keras").get_weights()
        for name in ("whole", "cut")
    )
    keras.tree.map_structure(np.testing.assert_array_equal, one, other)


@pytest.mark.parametrize(
    "flags, told",
    [
        (["--model=rnn"], "--model"),
        (
            ["--max_tokens=1"],
            "--max_tokens=1: all train pairs are longer; give",
        ),
        (["--vocabulary=words"], "--vocabulary"),
        (["--model=attention", "--heads=2"], "--heads: attention takes no"),
        (["--model=transformer", "--heads=7"], "--heads must divide"),
        (["--beam=0"], "--beam: must be from 1"),
    ],
)
def test_bad_flags_get_one_line(digits, tmp_path, here, flags, told):
    words = [f"--run_dir={tmp_path / 'run'}", f"--dataset={digits}"]
    with pytest.raises(errors.UserError, match=told) as caught:
        here(Translate, *words, *FLAGS, *flags)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
