from kerasnotes.diagnosis.verdicts import BIAS, HUMAN, VARIANCE
from kerasnotes.tasks.regress.remedies import remedies
from kerasnotes.training.report.run_facts import RunFacts

FLAGS = {
    "model": "linear_regression",
    "epochs": 250,
    "optimizer": "sgd:momentum=0.93",
    "lr_schedule": "constant",
    "learning_rate": 0.1,
    "l1": 0.0,
    "l2": 0.0,
    "hidden": None,
    "dropout": None,
    "weight_average": 0.96,
    "human_error": None,
    "learning_curve": None,
}
MODELS = ("linear_regression", "mlp")


def examples(problem, flags=None, **facts):
    choices = {"model": MODELS}
    facts = RunFacts(FLAGS | (flags or {}), choices=choices, **facts)
    return [r.example for r in remedies(problem, facts)]


def test_a_line():
    assert examples(BIAS) == [
        "--model=mlp",
        "--lr_schedule=cosine",
        "--learning_rate=0.03",
        "",
    ]
    assert examples(VARIANCE) == ["--learning_curve=0.1,0.25,0.5", "--l2=1", ""]


def test_a_network():
    network = {"model": "mlp", "hidden": "20", "dropout": 0.1}
    assert examples(BIAS, network)[:2] == ["--dropout=0.05", "--hidden=40"]
    assert "--model=mlp" not in examples(BIAS, network)
    assert examples(VARIANCE, network)[1:] == [
        "--l2=1",
        "--dropout=0.2",
        "--hidden=10",
    ]
    without = {"model": "mlp"}
    assert "--dropout=0.2" in examples(VARIANCE, without)


def test_what_trades_one_for_the_other_is_left_out():
    network = {"model": "mlp", "l2": 1.0, "dropout": 0.1}
    both = {"problems": (BIAS, VARIANCE)}
    assert "--l2=0.1" not in examples(BIAS, network, **both)
    assert "--hidden=64,32" not in examples(VARIANCE, network, **both)


def test_noise_is_asked_for():
    assert examples(HUMAN) == ["--human_error=…"]
