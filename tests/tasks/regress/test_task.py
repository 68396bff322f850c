"""The regression, on scikit-learn's diabetes set and on tables of one's own."""

import csv
import json
import re

import numpy as np
import pytest
import tensorflow as tf
from sklearn import datasets, linear_model, metrics, preprocessing

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.tasks import regress
from kerasnotes.tasks.regress import metrics as regress_metrics
from kerasnotes.tasks.regress import serving
from kerasnotes.training import runner
from tests.support import alone, csv_rows
from tests.support.runs import no_page, no_report, weights


def run(folder, *rest, **given):
    given = {**given, "run_dir": str(folder)}
    return runner.run(regress.Regress, given, rest, "trainers.regress")


def learn(folder, **given):
    """Run it without exports, figures and page."""
    with no_report():
        return run(folder, **given)


def parts():
    """Return the raw data and its sides."""
    found = datasets.load_diabetes(scaled=False)
    indices = split_choice.choose([str(i) for i in range(len(found.target))])
    return found, {
        s: (found.data[i], found.target[i]) for s, i in indices.items()
    }


@pytest.fixture(scope="module")
def diabetes():
    return parts()[1]


@pytest.fixture(scope="module")
def ols(diabetes):
    return linear_model.LinearRegression().fit(*diabetes["train"])


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "diabetes"
    run(folder)
    return folder


def last_weights(folder):
    """Return kernel and bias of the last epoch."""
    return list(weights(folder).values())[:2]


def facts(folder):
    return json.loads((folder / "config.json").read_text())["data"]


def test_as_good_as_least_squares(run_dir, diabetes, ols):
    found = json.loads((run_dir / "metrics.json").read_text())
    assert found["parameters"] == 11
    for side, (x, y) in diabetes.items():
        given = ols.predict(x)
        mse = metrics.mean_squared_error(y, given)
        mae = metrics.mean_absolute_error(y, given)
        np.testing.assert_allclose(found[side]["mse"], mse, rtol=1e-3)
        np.testing.assert_allclose(found[side]["mae"], mae, rtol=1e-3)
        np.testing.assert_allclose(
            found[side]["r2"], metrics.r2_score(y, given), atol=1e-3
        )
        assert found[side]["size"] == len(y)


def test_the_batch_size_is_told_where_the_data_are_fewer(run_dir, diabetes):
    rows = len(diabetes["train"][0])
    for name in ("config.json", "metrics.json"):
        assert json.loads((run_dir / name).read_text())["batch_size"] == rows
    assert f"{rows}" in (run_dir / "report.html").read_text()


def test_coefficients_are_those_of_least_squares(run_dir, diabetes, ols):
    told = facts(run_dir)
    kernel, bias = last_weights(run_dir)
    per_deviation = kernel[:, 0] * told["target_std"]
    want = ols.coef_ * diabetes["train"][0].std(axis=0)
    scale = np.abs(want).max()
    np.testing.assert_allclose(per_deviation, want, atol=1e-3 * scale)
    per_unit = per_deviation / told["std"]
    intercept = bias[0] * told["target_std"] + told["target_mean"]
    intercept -= per_unit @ told["mean"]
    np.testing.assert_allclose(intercept, ols.intercept_, rtol=1e-3)


def test_the_report_shows_them(run_dir, ols):
    page = (run_dir / "report.html").read_text()
    row = re.search(r">bmi</th><td[^>]*>[^<]*</td><td[^>]*>([^<]*)<", page)
    bmi = ols.coef_[facts(run_dir)["features"].index("bmi")]
    assert abs(float(row[1]) - bmi) < 0.05
    assert "http://" not in page and "https://" not in page
    assert (run_dir / "figures/predicted.png").exists()


def test_l2_is_ridge(tmp_path, diabetes):
    learn(tmp_path, l2=60.0, optimizer="sgd:momentum=0.8", epochs=90)
    x, y = (preprocessing.scale(part) for part in diabetes["train"])
    want = linear_model.Ridge(alpha=30.0).fit(x, y)
    kernel, _ = last_weights(tmp_path)
    np.testing.assert_allclose(kernel[:, 0], want.coef_, atol=1e-3)


def test_mistakes_are_residuals_the_worst_first(run_dir, ols):
    rows = csv_rows.read(run_dir / "mistakes.csv")
    assert list(rows[0])[-2:] == ["tags", "comment"]
    data = parts()[0]
    places = [int(row["id"]) for row in rows]
    assert len(places) == facts(run_dir)["dev"]
    residual = np.array([float(row["residual"]) for row in rows])
    want = data.target[places] - ols.predict(data.data[places])
    np.testing.assert_allclose(residual, want, atol=0.1)
    assert (np.diff(np.abs(residual)) <= 0).all()


ALONE = """
import json, sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
columns = json.loads(sys.argv[2])
one = model.signatures["serving_default"](
    **{k: tf.constant(v, tf.float32) for k, v in columns.items()})
features = tf.stack([tf.constant(v, tf.float32) for v in columns.values()], -1)
two = model.signatures["model_inputs"](features=features)
print(json.dumps([x["prediction"].numpy().tolist() for x in (one, two)]))
"""


def test_served_without_keras(run_dir, diabetes, ols):
    x, _ = diabetes["test"]
    columns = dict(zip(facts(run_dir)["features"], x.T.tolist(), strict=True))
    words = [run_dir / "saved_model", json.dumps(columns)]
    by_column, by_row = json.loads(alone.run(ALONE, *words))
    np.testing.assert_allclose(by_column, ols.predict(x), atol=0.1)
    np.testing.assert_allclose(by_row, by_column, rtol=1e-6)


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A table in odd units: a target, inputs, one of them constant."""
    rng = np.random.default_rng(0)
    size, rooms = rng.uniform(30, 300, 60), rng.integers(1, 9, 60)
    price = 1e6 + 5e3 * size + 2e4 * rooms
    path = tmp_path_factory.mktemp("data") / "houses.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["price", "size (m²)", "rooms", "class"])
        for row in zip(price, size, rooms, strict=True):
            writer.writerow([*row, 0.1])
    return path


@pytest.fixture(scope="module")
def mlp(houses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "houses"
    run(folder, dataset=str(houses), target="price", model="mlp",
        hidden="16,8", activation="tanh", epochs=40)  # fmt: skip
    return folder


def test_learns_a_table_of_ones_own(mlp):
    found = json.loads((mlp / "metrics.json").read_text())
    assert found["model"] == "mlp"
    assert found["parameters"] == 3 * 16 + 16 + 16 * 8 + 8 + 8 + 1
    assert found["dev"]["r2"] > 0.9
    told = facts(mlp)
    assert told["features"] == ["size (m²)", "rooms", "class"]
    assert (told["std"][2], told["train"], told["dev"]) == (1, 36, 12)


def test_predict_answers_row_by_row(mlp, houses, tmp_path, capsys):
    extra = tmp_path / "new.csv"
    extra.write_text("class,who,rooms,size (m²)\n0.1,me,3,50\n0.1,you,5,200\n")
    broken = tmp_path / "broken.csv"
    broken.write_text("rooms,size (m²),class\n3,big,0.1\n")
    empty = tmp_path / "empty.csv"
    empty.write_text("rooms,size (m²),class\n,,\n")
    capsys.readouterr()
    files = [str(path) for path in (empty, extra, broken)]
    status = run(mlp, *files, mode="predict", format="json")
    told = capsys.readouterr()
    rows = [
        json.loads(line) for line in told.out.splitlines() if line[0] == "{"
    ]
    assert status == 1
    assert told.err.count("\n") == 2
    assert f"{empty}: no row below the header" in told.err
    assert f"{broken}: line 2, column 'size (m²)': 'big'" in told.err
    assert [(r["file"], r["line"]) for r in rows] == [
        (str(extra), 2),
        (str(extra), 3),
    ]
    served = tf.saved_model.load(str(mlp / "saved_model"))
    want = served.signatures["serving_default"](
        size_m=tf.constant([50.0, 200.0]),
        rooms=tf.constant([3.0, 5.0]),
        x_class=tf.constant([0.1, 0.1]),
    )["prediction"]
    found = [row["prediction"] for row in rows]
    np.testing.assert_allclose(found, want, rtol=1e-5)


def test_evaluates_other_data_of_the_same_columns(mlp, houses, tmp_path):
    told = json.loads((mlp / "metrics.json").read_text())
    with open(houses, newline="") as file:
        rows = [row[::-1] for row in csv.reader(file)]
    other = tmp_path / "other.csv"
    with open(other, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = run(mlp, mode="evaluate", dataset=str(other))
    for name in ("loss", "mse"):
        np.testing.assert_allclose(
            found["dev"][name], told["dev"][name], rtol=1e-4
        )
    with pytest.raises(errors.UserError, match="no column 'size"):
        run(mlp, mode="evaluate", dataset="diabetes")


@pytest.fixture(scope="module")
def weighted(tmp_path_factory):
    """A table in which some rows count and others hardly do."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=[300, 2])
    kind = rng.random(300) < 0.5
    y = np.where(kind, x @ [1, 2], x @ [-3, 1]) + 5
    w = np.where(kind, 1.0, 0.05)
    path = tmp_path_factory.mktemp("tables") / "weighted.csv"
    rows = np.column_stack([x, w, y])
    np.savetxt(path, rows, delimiter=",", header="a,b,w,y", comments="")
    return path, x, y, w


def test_a_weighted_column_weighs(weighted, tmp_path):
    path, x, y, w = weighted
    given = {"weight": "w", "target": "y", "optimize": "weighted_mse"}
    given |= {"optimizer": "sgd", "learning_rate": 0.3, "epochs": 40}
    given |= {"weight_average": 0.5}
    learn(tmp_path / "run", dataset=str(path), **given)
    told = facts(tmp_path / "run")
    assert told["features"] == ["a", "b"]
    indices = split_choice.choose([str(i + 2) for i in range(300)])
    rows = indices["train"]
    want = linear_model.LinearRegression().fit(x[rows], y[rows], w[rows])
    kernel, _ = last_weights(tmp_path / "run")
    found = kernel[:, 0] * told["target_std"] / told["std"]
    np.testing.assert_allclose(found, want.coef_, atol=0.01)
    dev = indices["dev"]
    metrics_file = json.loads((tmp_path / "run/metrics.json").read_text())
    error = (y[dev] - want.predict(x[dev])) ** 2
    np.testing.assert_allclose(
        metrics_file["dev"]["weighted_mse"],
        np.average(error, weights=w[dev]),
        rtol=0.02,
    )
    np.testing.assert_allclose(
        metrics_file["dev"]["mse"], error.mean(), rtol=0.02
    )


def test_the_same_command_again_is_the_same_run(tmp_path, capsys):
    for epochs in (2, 2, 3):
        learn(tmp_path, epochs=epochs)
    told = capsys.readouterr().out
    assert told.count("finished") == 1 and "going on" in told
    assert "--batch_size=1024: there are " in told


def test_slices_count_rows_in_the_files_order(tmp_path):
    table = tmp_path / "series.csv"
    table.write_text("\n".join(["t,y", *(f"{i},{i * i}" for i in range(20))]))
    split = "train[:60%],dev[60%:80%],test[-4:]"
    config = regress.Regress.Config(dataset=str(table), split=split)
    splits = regress.Regress(config).data().splits
    lines = {name: list(map(int, s.ids)) for name, s in splits.items()}
    assert lines == {
        "train": [*range(2, 14)],
        "dev": [*range(14, 18)],
        "test": [*range(18, 22)],
    }


def test_one_row_has_no_r2(tmp_path):
    split = "train[:300],dev[300:301],test[301:303]"
    with no_page():
        run(tmp_path, split=split, epochs=1)
    scores = json.loads((tmp_path / "metrics.json").read_text())
    assert "r2" not in scores["dev"] and "mse" in scores["dev"]
    assert "r2" in scores["test"]


def test_r2_of_targets_far_from_their_origin():
    y = np.random.default_rng(0).normal(1000, 0.01, (50, 1))
    answers = y + np.random.default_rng(1).normal(0, 0.005, y.shape)
    metric = regress_metrics.R2Score()
    metric.update_state(y[:20], answers[:20])
    metric.update_state(y[20:], answers[20:])
    want = metrics.r2_score(y, answers)
    np.testing.assert_allclose(metric.result(), want, rtol=1e-5)


@pytest.mark.parametrize("value", [7.0, 0.1, -1e9])
def test_one_value_has_no_r2(tmp_path, capsys, value):
    rng = np.random.default_rng(1)
    rows = [[x, 3 * x + rng.normal()] for x in rng.normal(10, 1, 60)]
    for row in rows[40:50]:
        row[1] = value
    table = tmp_path / "flat.csv"
    table.write_text("x,y\n" + "\n".join(f"{x},{y}" for x, y in rows))
    given = {"dataset": str(table), "epochs": 1}
    given["split"] = "train[:40],dev[40:50],test[50:]"
    learn(tmp_path / "run", **given)
    scores = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert "r2" not in scores["dev"] and scores["test"]["r2"] < 1
    line = f"dev: column 'y' is {value:g} in 10 rows, so r2 has no value there"
    assert line in capsys.readouterr().out
    for flag in ({"optimize": "r2"}, {"satisfy": "r2>=0.5"}):
        with pytest.raises(errors.UserError, match=re.escape(line)):
            learn(tmp_path / "other", **given, **flag)


def test_names_of_inputs_are_distinct():
    names = serving.input_names(["a b", "a-b", "a_b", "é", "ü"])
    assert len(set(names)) == 5
    assert all(name.isidentifier() for name in names)


def test_columns_that_differ_in_case_are_served_and_told(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 2)).round(3)
    lines = [f"{a},{b},{a - b:.3f}" for a, b in rows]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["T,t,y", *lines]))
    run(tmp_path / "run", dataset=str(table), target="y", epochs=2)
    served = tf.saved_model.load(str(tmp_path / "run/saved_model"))
    by_column = served.signatures["serving_default"]
    x = rows[:3].astype("float32")
    one = by_column(T=x[:, 0], t_=x[:, 1])["prediction"]
    other = served.signatures["model_inputs"](features=x)["prediction"]
    np.testing.assert_allclose(one, other, rtol=1e-6)
    page = (tmp_path / "run/report.html").read_text()
    assert "Inputs of the served model" in page and ">t_<" in page


@pytest.mark.parametrize(
    "given, told",
    [
        ({"dataset": "diabets"}, "diabets"),
        ({"target": "bmj"}, "--target: unknown 'bmj'; did you mean 'bmi'"),
        ({"hidden": "9"}, "--hidden"),
        ({"hidden": "9;8", "model": "mlp"}, "--hidden=9;8"),
        ({"dropout": -0.5, "model": "mlp"}, "dropout"),
        ({"optimize": "accuracy"}, "--optimize: unknown 'accuracy'"),
        ({"split": "train[:9"}, "--split"),
    ],
)
def test_bad_input_gets_one_line(tmp_path, given, told):
    with pytest.raises(errors.UserError) as caught:
        run(tmp_path / "run", **given)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_constant_target_is_refused(houses, tmp_path):
    with pytest.raises(errors.UserError) as caught:
        run(tmp_path / "run", dataset=str(houses), target="class")
    assert f"{houses}: column 'class' is 0.1 in all 36" in str(caught.value)
