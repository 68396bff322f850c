import json

import keras
import pytest

from kerasnotes import models
from kerasnotes.diagnosis.intervals import Measure
from kerasnotes.plots import figures, page
from kerasnotes.training import records
from kerasnotes.training.report import diagnosing, supervised
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import session
from tests.support import toys


class Measured(toys.Toy):
    """The toy, whose answers are measures in place of a model's."""

    def __init__(self, config):
        super().__init__(config)
        self.asked = []

    def error(self, trained, answers, metrics):
        return answers

    def remedies(self, problem, facts):
        self.asked.append((problem, facts))
        return super().remedies(problem, facts)


class Split:
    def __init__(self, size):
        self.size = size


def diagnose(
    toy, folder, errors, points=None, facts=None, size=2000, state=None, **flags
):
    task = Measured(toy.Config(run_dir=str(folder), **flags))
    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(2)])
    return run(task, errors, model, points, facts, size, state)


def run(task, errors, model, points=None, facts=None, size=2000, state=None):
    metrics = {name: {} for name in errors}
    metrics |= {"best_epoch": 3, "parameters": 10}
    facts = {"train": 1000} | (facts or {})
    folder = run_folder.RunFolder(task.config.run_dir, task.name)
    return diagnosing.diagnose(
        task,
        session.Run(task.config, folder),
        records.Trained(model, facts, state=state or {"curve": points}),
        records.Data({name: Split(size) for name in errors}, facts),
        {name: Measure(error, size) for name, error in errors.items()},
        metrics,
    )


POINTS = [
    {"size": n, "train": Measure(0.0, n), "dev": Measure(e, 2000)}
    for n, e in ((200, 0.2), (500, 0.13), (1000, 0.09))
]


def test_the_terminal_json_and_page_say_the_same(toy, tmp_path):
    value, text, blocks = diagnose(
        toy, tmp_path, {"train": 0.004, "dev": 0.06, "test": 0.065}
    )
    assert text.splitlines() == [
        "diagnosis (with 95 % intervals)",
        "  avoidable bias      0.4 %  (0.2–0.8)",
        "  variance            5.6 %  (4.6–6.7)",
        "  overfitting to dev  0.5 %  (-1.0 to 2.0)",
        "  Human-level error is taken to be 0; --human_error says otherwise.",
        "you have a variance problem",
        "in order of promise:",
        "  1. gather more training data beyond these 1,000: "
        "--learning_curve=0.1,0.25,0.5",
        "  2. add an L2 penalty: --l2=1",
        "  3. average the weights: --weight_average=0.99",
        "  4. use a smaller or another network",
    ]
    kept = json.loads(json.dumps(value, allow_nan=False))
    assert kept["problems"] == ["variance"]
    assert kept["advice"][1]["example"] == "--l2=1"
    low, high = kept["components"]["variance"]["interval"]
    assert low == pytest.approx(0.0459, abs=1e-3) and high < 0.07
    page.write(tmp_path / "page.html", "t", "s", blocks)
    shown = (tmp_path / "page.html").read_text()
    assert "You have a variance problem." in shown and "--l2=1" in shown
    assert (tmp_path / "figures/diagnosis.png").stat().st_size > 5000


def test_the_task_is_asked_with_the_facts_of_the_run(toy, tmp_path):
    config = toy.Config(run_dir=str(tmp_path), epochs=40, l2=2.0)
    errors, known = {"train": 0.0, "dev": 0.06}, {"picture_size": [8, 8]}
    task = Measured(config)
    model = models.build("lenet5", input_shape=(32, 32, 1), classes=10)
    run(task, errors, model, POINTS, known)
    ((problem, facts),) = task.asked
    assert problem == "variance" and facts.problems == ("variance",)
    assert facts.flags["l2"] == 2.0 and facts.epochs == 40
    assert facts.train == 1000 and facts.data["picture_size"] == [8, 8]
    assert (facts.best_epoch, facts.parameters) == (3, 10)
    assert facts.input_shape == (32, 32, 1)
    assert {"dropout", "batch_norm"} <= facts.arguments
    assert "hidden" not in facts.arguments
    assert facts.more_data == "helps"
    assert "norms" in facts.choices["watch"] and "l2" not in facts.choices
    # Of a network that isn't ours nobody knows what it takes.
    other = keras.Sequential([keras.Input([4]), keras.layers.Dense(2)])
    run(task, errors, other, None, known)
    assert task.asked[-1][1].arguments is None


@pytest.mark.parametrize(
    ("flags", "choices"),
    [
        ({"epochs": 40}, 40),
        ({"epochs": 40, "early_stop": 5}, 8),
        ({"epochs": 6, "early_stop": 5}, 6),
    ],
)
def test_dev_chose_among_the_epochs(toy, tmp_path, flags, choices):
    """The best is the third: the run stopped so many epochs later."""
    errors = {"train": 0.002, "dev": 0.002, "test": 0.4}
    value, text, _ = diagnose(toy, tmp_path, errors, **flags)
    assert value["choices"] == choices
    assert value["problems"] == ["dev-test mismatch"]
    assert f"choosing one of {choices} models wins" in text
    assert "take dev and test from the same data" in text


def test_human_error_moves_bias(toy, tmp_path):
    errors = {"train": 0.08, "dev": 0.10}
    value, _, _ = diagnose(
        toy, tmp_path, errors, size=20_000, human_error=0.075
    )
    assert value["problems"] == ["variance"] and not value["human_assumed"]
    value, _, _ = diagnose(toy, tmp_path, errors, size=20_000, human_error=0.01)
    assert value["problems"] == ["avoidable bias"]


def test_several_human_levels_are_shown_and_the_lowest_counts(toy, tmp_path):
    errors = {"train": 0.08, "dev": 0.10}
    value, text, blocks = diagnose(
        toy, tmp_path, errors, size=20_000, human_error="typical=7.5%,team=1%"
    )
    assert value["problems"] == ["avoidable bias"]
    assert value["human_levels"] == {"typical": 0.075, "team": 0.01}
    for shown in (text, blocks[1].text):
        assert "typical 7.5 %, team 1.0 %; the lowest, of team" in shown


def test_synthetic_data_are_told_by_the_task(toy, tmp_path):
    errors = {"train": 0.01, "train_dev": 0.015, "dev": 0.1}
    _, text, _ = diagnose(toy, tmp_path, errors, facts={"synthetic": True})
    assert "synthesised" in text and "data-mismatch" in text
    _, text, _ = diagnose(toy, tmp_path, errors)
    assert "synthesised" not in text


def test_learning_curves_are_shown_and_advise(toy, tmp_path):
    errors = {"train": 0.0, "dev": 0.06}
    value, text, blocks = diagnose(
        toy, tmp_path, errors, POINTS, learning_curve="0.1,0.25,0.5"
    )
    sizes = [p["size"] for p in value["learning_curve"]["points"]]
    assert sizes == [200, 500, 1000, 2000]
    assert value["learning_curve"]["forecast"]["verdict"] == "helps"
    assert "with twice the 2,000 training examples" in text
    assert "more training data beyond these 1,000\n" in text
    assert (tmp_path / "figures/learning_curve.png").exists()
    assert any(b.text == "Would more data help?" for b in blocks[4:5])


def test_no_share_is_no_curve(toy, tmp_path):
    errors = {"train": 0.0, "dev": 0.06}
    value, text, _ = diagnose(toy, tmp_path, errors, [])
    assert value["learning_curve"]["forecast"]["law"] is None
    assert "takes 3 sizes" in text
    assert "learning_curve" not in diagnose(toy, tmp_path, errors)[0]


def test_points_alone_have_no_interval(toy, tmp_path):
    _, text, _ = diagnose(toy, tmp_path, {"train": 0.01, "dev": 0.1}, size=None)
    assert "(" not in text and text.startswith("diagnosis\n")


def test_it_costs_one_picture(toy, tmp_path, monkeypatch):
    drawn, save = [], figures.save

    def saved(figure, path):
        drawn.append(path.name)
        save(figure, path)

    monkeypatch.setattr(figures, "save", saved)
    diagnose(toy, tmp_path, {"train": 0.01, "dev": 0.1, "test": 0.1})
    assert drawn == ["diagnosis.png"]


def test_a_toy_is_measured_by_its_own_metrics(toy, tmp_path):
    task = toy(toy.Config(run_dir=str(tmp_path)))
    data = task.data()
    trained = records.Trained(task.model(data.facts), data.facts)
    answers, metrics = supervised.evaluate(task, trained, data)
    folder = run_folder.RunFolder(tmp_path, task.name)
    value, _, _ = diagnosing.diagnose(
        task,
        session.Run(task.config, folder),
        trained,
        data,
        answers,
        metrics,
    )
    for name, split in data.splits.items():
        wrong = task.outcome(trained, answers[name]).errors
        assert value["errors"][name]["error"] == pytest.approx(wrong.mean())
        assert value["errors"][name]["examples"] == split.size


def test_a_run_that_diverged_says_so(toy, tmp_path):
    state = {
        "curve": None,
        "first_loss": 2.3,
        "best": {"epoch": 2},
        "history": [
            {"loss": 2.3, "val_loss": 2.0},
            # Its first step was that of the untrained model.
            {"loss": 2.3, "val_loss": 1e31},
            {"loss": 3e31, "val_loss": 4e31},
        ],
    }
    flags = {"learning_rate": 1e30, "state": state}
    value, text, _ = diagnose(
        toy, tmp_path, {"train": 0.9, "dev": 0.9}, **flags
    )
    assert (
        value["verdict"] == "the run diverged: its loss grew from 2.3 to 1e+31"
    )
    assert "1. use a smaller learning rate: --learning_rate=0.01" in text
    assert "bias problem" not in text
    # Batch norm's averages that lag behind are no divergence.
    state["history"][2]["loss"] = 1.9
    _, text, _ = diagnose(toy, tmp_path, {"train": 0.9, "dev": 0.9}, **flags)
    assert "you have a bias problem" in text
