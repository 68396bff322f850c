"""Tables whose numbers float32 can't hold before the mean is subtracted."""

import csv
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.data.tables import scales
from kerasnotes.tasks import regress
from kerasnotes.tasks.regress import serving
from kerasnotes.training import runner
from tests.support import runs

EPOCHS = 12


def run(folder, *rest, **flags):
    flags = {**flags, "run_dir": str(folder)}
    return runner.run(regress.Regress, flags, rest, "trainers.regress")


def learn(folder, path, **flags):
    """Learn without export and report; return task, trained and data."""
    flags = {"optimize": "loss", "epochs": EPOCHS, "dataset": path, **flags}
    return runs.learn_only(regress.Regress, folder, **flags)


def scores(task, trained, data):
    answers = task.answers(trained, data.splits["dev"])
    return answers, task.score(trained, answers)


def table(path, x, y):
    """Write a CSV file with columns a, b and y; return its path."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "y"])
        rows = zip(x.tolist(), y.tolist(), strict=True)
        writer.writerows([*row, target] for row, target in rows)
    return str(path)


def noisy(rows=200):
    """Return inputs, and a target that they explain in part."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=[rows, 2])
    return x, x @ [2.0, -1.0] + rng.normal(size=rows)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The metrics and predictions of dev where units are near to 1."""
    folder = tmp_path_factory.mktemp("plain")
    x, y = noisy()
    learned = learn(folder / "run", table(folder / "t.csv", x, y))
    answers, found = scores(*learned)
    facts = learned[1].facts
    guess = answers.outputs[:, 0].astype(float) * facts["target_std"]
    guess += facts["target_mean"]
    residuals = np.array(answers.split.numbers) - guess
    assert found["mse"] == pytest.approx(np.mean(residuals**2), rel=1e-5)
    assert 0.5 < found["r2"] < 0.95
    return found, guess, residuals


@pytest.mark.parametrize(
    ("shift", "scale"),
    [(1.7e9, 8.0), (0, 1e20), (0, 1e-25), (-3e-9, 1e-9), (1e6, 1e-3)],
)
def test_a_target_in_any_unit_is_told_in_it(tmp_path, plain, shift, scale):
    want, guess, residuals = plain
    x, y = noisy()
    path = table(tmp_path / "t.csv", x, shift + scale * y)
    task, trained, data = learn(tmp_path / "run", path)
    answers, found = scores(task, trained, data)
    assert found["mse"] / scale**2 == pytest.approx(want["mse"], rel=1e-5)
    assert found["mae"] / scale == pytest.approx(want["mae"], rel=1e-5)
    assert found["r2"] == pytest.approx(want["r2"], rel=1e-5)
    rows = task.outcome(trained, answers).rows
    close = {"rtol": 1e-5, "atol": 1e-5 * scale}
    for name, numbers in (
        ("residual", scale * residuals),
        ("predicted", shift + scale * guess),
    ):
        shown = np.array([row[name] for row in rows])
        centre = 0 if name == "residual" else shift
        np.testing.assert_allclose(shown - centre, numbers - centre, **close)
    printed = np.array([a["prediction"] for a in task.predict(trained, [path])])
    dev = [int(where) - 2 for where in answers.split.ids]
    want = [row["predicted"] for row in rows]
    np.testing.assert_allclose(printed[dev] - shift, np.array(want) - shift,
                               **close)  # fmt: skip
    served = serving.signatures(trained.model, trained.facts)
    answer = served["serving_default"].function(*tf.constant(x.T, tf.float32))
    answer = answer["prediction"].numpy().astype(float)
    np.testing.assert_allclose(answer - shift, printed - shift, **close)


@pytest.mark.parametrize(
    ("shift", "scale", "wide"),
    [
        (1.7e9, 300.0, True),
        (0, 1e60, True),
        (4e-12, 1e-12, False),
        (0, 1e25, False),
    ],
)
def test_an_input_in_any_unit_counts(tmp_path, plain, shift, scale, wide):
    x, y = noisy()
    path = table(tmp_path / "t.csv", x * [scale, 1] + [shift, 0], y)
    task, trained, data = learn(tmp_path / "run", path)
    assert trained.facts["float64"] == ["a"] * wide
    _, found = scores(task, trained, data)
    assert found["r2"] == pytest.approx(plain[0]["r2"], rel=1e-5)
    signature = serving.signatures(trained.model, trained.facts)
    a, b = signature["serving_default"].inputs
    assert a.dtype == (tf.float64 if wide else tf.float32)
    assert b.dtype == tf.float32


def test_what_is_served_takes_seconds_since_1970(tmp_path):
    x, _ = noisy()
    y = 1.7e9 + 8 * (x[:, 0] - x[:, 1])
    x = x * [300, 1] + [1.7e9, 0]
    path = table(tmp_path / "t.csv", x, y)
    run(tmp_path / "run", dataset=path, epochs=20, optimizer="sgd",
        learning_rate=0.4, weight_average=0.5)  # fmt: skip
    loaded = tf.saved_model.load(str(tmp_path / "run/saved_model"))
    a, b = tf.constant(x[:, 0]), tf.constant(x[:, 1], tf.float32)
    answer = loaded.signatures["serving_default"](a=a, b=b)["prediction"]
    np.testing.assert_allclose(answer - 1.7e9, y - 1.7e9, atol=1)
    model = keras.saving.load_model(tmp_path / "run/model.keras")
    np.testing.assert_allclose(model(tf.constant(x))[:, 0], answer, rtol=1e-12)
    page = (tmp_path / "run/report.html").read_text()
    assert re.search(r'<td class="n">17000000\d\d\.\d\d\d?<', page)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([0.0, 1e200], "outside of 1e-150 to 1e+150; give it in another unit"),
        ([0.0, 1e-200], "outside of 1e-150"),
        ([1.7e18, 1.7e18 + 512], "subtract a constant"),
    ],
)
def test_what_no_number_holds_is_refused_by_name(tmp_path, numbers, words):
    x, y = noisy(40)
    for column in "ay":
        odd = np.resize(numbers, 40)
        a = odd if column == "a" else x[:, 0]
        target = odd if column == "y" else y
        rows = np.column_stack([a, x[:, 1]])
        path = table(tmp_path / "t.csv", rows, target)
        with pytest.raises(errors.UserError) as caught:
            run(tmp_path / "run", dataset=path)
        assert f"{path}: column {column!r}: " in str(caught.value)
        assert words in str(caught.value)


def test_a_number_far_from_all_others_is_refused_by_its_cell(tmp_path):
    x, y = noisy(40)
    dev = split_choice.choose([str(i + 2) for i in range(40)])["dev"][0]
    x[dev, 1] = 1e30
    path = table(tmp_path / "t.csv", x, y)
    with pytest.raises(errors.UserError, match=f"line {dev + 2}, column 'b'"):
        run(tmp_path / "run", dataset=path)


def test_a_column_of_one_value_is_constant_whatever_its_mean_rounds_to():
    scale = scales.measure(["a"], np.full([7, 1], 0.1), "t.csv")
    assert (scale.mean[0], scale.std[0]) == (0.1, 1.0)


def test_metrics_have_as_many_digits_on_the_terminal(tmp_path, capsys):
    x, y = noisy()
    path = table(tmp_path / "t.csv", x, 1e-9 * y)
    found = run(tmp_path / "run", dataset=path, epochs=EPOCHS)
    text = capsys.readouterr().out
    assert f"{found['dev']['mse']:.4g}" in text
    assert f"dev mse {found['dev']['mse']:.4g}" in text
    page = (tmp_path / "run/report.html").read_text()
    assert f"{found['dev']['mse']:.4g}" in page and ">0.0000<" not in page
    path = table(tmp_path / "new.csv", x[:1], y[:1])
    run(tmp_path / "run", path, mode="predict", format="json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    run(tmp_path / "run", path, mode="predict")
    assert repr(answer["prediction"]) in capsys.readouterr().out
