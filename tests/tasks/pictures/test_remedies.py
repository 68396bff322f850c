import itertools

import pytest

from kerasnotes import catalog
from kerasnotes.diagnosis import verdicts
from kerasnotes.diagnosis.verdicts import BIAS, MISMATCH, VARIANCE
from kerasnotes.tasks.pictures.remedies import remedies
from kerasnotes.training.report.run_facts import RunFacts

FLAGS = {
    "model": "lenet5",
    "epochs": 100,
    "l1": 0.0,
    "l2": 0.0,
    "dropout": 0.0,
    "batch_norm": False,
    "hidden": None,
    "image_size": None,
    "augment": "light",
    "optimizer": "adam",
    "lr_schedule": "cosine",
    "learning_rate": 0.003,
    "weight_average": None,
    "human_error": None,
    "learning_curve": None,
}
FACTS = {
    "train": 1079,
    "parameters": 61706,
    "best_epoch": 40,
    "epochs": 100,
    "choices": {
        "model": (
            "lenet5",
            "lenet5_teaching",
            "mobilenet_v2",
            "mlp",
            "resnet20",
        )
    },
    "arguments": frozenset({"dropout", "batch_norm"}),
    "input_shape": (32, 32, 1),
}
BOTH = (BIAS, VARIANCE)


def run(flags=None, **facts):
    return RunFacts(FLAGS | (flags or {}), **FACTS | facts)


def examples(problem, flags=None, **facts):
    return [r.example for r in remedies(problem, run(flags, **facts))]


def test_bias():
    assert examples(BIAS) == [
        "--model=resnet20",
        "--image_size=64",
        "--batch_norm",
        "--learning_rate=0.001",
        "--augment=none",
        "--model=lenet5_teaching",
    ]


def test_longer_only_where_it_was_still_improving():
    assert examples(BIAS, best_epoch=100)[0] == "--epochs=200"
    assert "--epochs=200" not in examples(BIAS, best_epoch=99)
    assert "--epochs=200" not in examples(VARIANCE, best_epoch=100)


def test_bias_takes_off_what_regularises():
    found = examples(BIAS, {"l1": 3.0, "l2": 0.5, "dropout": [0.1, 0.4]})
    assert found[:3] == ["--l1=0.3", "--l2=0.05", "--dropout=0.2"]
    assert "--augment=none" not in examples(BIAS, {"augment": "none"})


def test_bias_of_a_frozen_trunk():
    assert examples(BIAS, {"freeze": "all"})[0] == "--freeze=none"
    assert "--freeze=none" not in examples(BIAS, {"freeze": "none"})
    assert examples(BIAS, {"freeze": "auto"}, train=900)[0] == "--freeze=none"
    many = examples(BIAS, {"freeze": "auto"}, train=90_000)
    assert "--freeze=none" not in many


def test_bias_of_a_slow_descent():
    slow = {"optimizer": "sgd", "lr_schedule": "constant", "batch_norm": True}
    found = examples(BIAS, slow)
    assert {"--optimizer=adam", "--lr_schedule=cosine"} <= set(found)
    assert "--batch_norm" not in found
    fast = examples(BIAS, {"optimizer": "sgd:momentum=0.9"})
    assert "--optimizer=adam" not in fast


@pytest.mark.parametrize(
    ("flags", "arguments", "example"),
    [
        ({"model": "softmax_regression"}, set(), "--model=mlp"),
        ({"model": "mlp", "hidden": "100,30"}, {"hidden"}, "--hidden=200,60"),
        ({"model": "mlp", "hidden": (100, 30)}, {"hidden"}, "--hidden=200,60"),
        ({"model": "mlp", "hidden": None}, {"hidden"}, "--hidden=256,128"),
        ({"model": "lenet5"}, {"dropout"}, "--model=resnet20"),
        ({"model": "lenet5_teaching"}, {"dropout"}, "--model=resnet20"),
        # No larger one is offered.
        ({"model": "resnet20"}, set(), ""),
        ({"model": "mobilenet", "width": 0.5}, {"width"}, "--width=1"),
    ],
)
def test_a_bigger_network(flags, arguments, example):
    facts = run(flags, arguments=frozenset(arguments))
    found = remedies(BIAS, facts)
    (bigger,) = [r for r in found if r.what == "use a bigger network"]
    assert bigger.example == example and "61,706 parameters" in bigger.why


def test_large_pictures_have_larger_networks():
    choices = {"model": ("lenet5", "resnet18", "resnet20")}
    found = examples(BIAS, input_shape=(96, 96, 3), choices=choices)
    assert found[0] == "--model=resnet18"


def test_weights_from_imagenet_stay_with_their_model():
    texts = [r.what for r in remedies(BIAS, run({"weights": "imagenet"}))]
    assert "use a bigger network" not in texts


@pytest.mark.parametrize(
    ("side", "picture_size", "example"),
    [
        (32, (32, 32), None),
        (32, (28, 28), None),
        (32, (8, 8), None),
        (32, (24, 32), None),
        (32, (48, 40), "--image_size=48"),
        (32, (64, 64), "--image_size=64"),
        (32, (500, 375), "--image_size=64"),
        # Nobody knows their size.
        (32, None, "--image_size=64"),
    ],
)
def test_a_larger_input_only_where_the_pictures_show_more(
    side, picture_size, example
):
    data = {"picture_size": picture_size} if picture_size else {}
    found = examples(BIAS, input_shape=(side, side, 3), data=data)
    sizes = [text for text in found if text.startswith("--image_size")]
    assert sizes == ([example] if example else [])


def test_a_smaller_network_is_no_remedy_for_bias():
    choices = {"model": tuple(catalog.names("pictures"))}
    for model in ("resnet20", "resnet18", "nin", "plain20", "alexnet"):
        found = examples(
            BIAS, {"model": model}, choices=choices, arguments=frozenset()
        )
        assert not any("lenet5" in text for text in found), model
        assert found[-1] == ""


def test_variance():
    assert examples(VARIANCE, {"augment": "none"}) == [
        "--learning_curve=0.1,0.25,0.5",
        "--augment=light",
        "--l2=1",
        "--dropout=0.2",
        "--weight_average=0.99",
        "--model=lenet5_teaching",
    ]
    assert examples(VARIANCE)[1] == "--augment=standard"
    assert examples(VARIANCE, {"augment": "strong"})[1] == "--l2=1"


def test_a_smaller_network_against_variance():
    mlp = examples(
        VARIANCE,
        {"model": "mlp", "hidden": "100,30"},
        arguments=frozenset({"hidden"}),
    )
    assert mlp[-1] == "--hidden=50,15"
    resnet = examples(VARIANCE, {"model": "resnet20"}, arguments=frozenset())
    assert resnet[-1] == "--model=lenet5"


def test_a_pretrained_network_for_colour():
    def found(flags, channels=3):
        flags = {"weights": "none"} | flags
        return examples(VARIANCE, flags, input_shape=(32, 32, channels))[2]

    weights = "--weights=imagenet --freeze=all"
    assert found({}) == f"--model=mobilenet_v2 {weights}"
    assert found({"model": "mobilenet_v2"}) == weights
    assert "imagenet" not in found({}, channels=1)
    assert "imagenet" not in found({"weights": "imagenet"})


def test_variance_strengthens_what_is_on():
    on = {"l2": 2.0, "dropout": "0.2,0.3", "weight_average": 0.9}
    found = examples(VARIANCE, on)
    assert found[2:4] == ["--l2=6", "--dropout=0.4"]
    assert "--augment=light" not in found
    assert "--weight_average=0.99" not in found
    # Half of the units is as much as dropout takes.
    assert "keep" not in " ".join(examples(VARIANCE, {"dropout": 0.5}))


def test_learning_curves_move_more_data():
    def place(verdict):
        found = list(remedies(VARIANCE, run(more_data=verdict)))
        (i,) = [i for i, r in enumerate(found) if "more training" in r.what]
        assert not found[i].example
        return i - len(found)

    assert place("helps") == place("unclear") < place("hardly") == -1


def test_beside_each_other_bias_and_variance_contradict_nothing():
    on = {"l2": 1.0, "dropout": 0.2}
    bias = examples(BIAS, on, problems=BOTH)
    variance = examples(VARIANCE, on, problems=BOTH)
    assert bias[0] == "--model=resnet20"
    assert variance[0] == "--learning_curve=0.1,0.25,0.5"
    assert "--l2=3" in variance and "--l2=0.1" not in bias
    assert "--augment=none" not in bias and "--dropout=0.1" not in bias
    assert "--model=lenet5_teaching" not in variance


def test_mismatch():
    first, *others = remedies(MISMATCH, run())
    assert "side by side" in first.what
    assert not any(r.example for r in others)
    assert examples(MISMATCH, {"augment": "none"})[-1] == "--augment=light"


def test_nothing_known_is_no_crash():
    for problem in (BIAS, VARIANCE, MISMATCH):
        found = list(remedies(problem, RunFacts({})))
        assert found and all(r.what and r.why for r in found)
        assert not any(r.example for r in found)


def test_only_flags_of_the_run_and_no_remedy_twice():
    problems = [BIAS, VARIANCE, MISMATCH, verdicts.OVERFIT]
    for problem, left_out in itertools.product(problems, FLAGS):
        flags = {k: v for k, v in FLAGS.items() if k != left_out}
        choices = FACTS["choices"] if "model" in flags else {}
        facts = RunFacts(flags, **FACTS | {"choices": choices})
        found = list(remedies(problem, facts))
        assert len(set(found)) == len(found)
        for remedy in found:
            flag = remedy.example.partition("=")[0].removeprefix("--")
            assert not flag or flag in flags, (left_out, remedy)
            value = remedy.example.partition("=")[2]
            assert not flag or str(flags[flag]) != value
            for text in (remedy.what, remedy.why):
                assert text == text.strip() and "  " not in text
                assert not text.endswith((".", ";", ","))
