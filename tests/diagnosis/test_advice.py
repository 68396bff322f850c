import itertools

import pytest

from kerasnotes.diagnosis import advice, components
from kerasnotes.diagnosis.intervals import Measure

PICTURES = {
    "model": "lenet5",
    "epochs": 100,
    "l1": 0.0,
    "l2": 0.0,
    "keep_prob": 1.0,
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
    "models": ("lenet5", "lenet5_teaching", "mobilenet_v2", "mlp", "resnet20"),
    "arguments": {"keep_prob", "batch_norm"},
    "side": 32,
}


def diagnosis(train, dev, train_dev=None, test=None, human=0.0, **more):
    errors = {"train": train, "dev": dev, "train_dev": train_dev, "test": test}
    measures = {n: Measure(e) for n, e in errors.items() if e is not None}
    return components.diagnose(measures, Measure(human), **more)


BIAS = diagnosis(0.1, 0.11)
VARIANCE = diagnosis(0.01, 0.1)
BOTH = diagnosis(0.16, 0.3)
MISMATCH = diagnosis(0.01, 0.1, 0.012)


def examples(found, flags=None, facts=None):
    return [
        a.example
        for a in advice.advise(
            found, PICTURES | (flags or {}), FACTS | (facts or {})
        )
    ]


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
    assert examples(BIAS, facts={"best_epoch": 100})[0] == "--epochs=200"
    assert "--epochs=200" not in examples(BIAS, facts={"best_epoch": 99})
    assert "--epochs=200" not in examples(VARIANCE, facts={"best_epoch": 100})


def test_bias_takes_off_what_regularises():
    found = examples(BIAS, {"l1": 3.0, "l2": 0.5, "keep_prob": [0.9, 0.6]})
    assert found[:3] == ["--l1=0.3", "--l2=0.05", "--keep_prob=0.8"]
    assert "--augment=none" not in examples(BIAS, {"augment": "none"})


def test_bias_of_a_slow_descent():
    slow = {"optimizer": "sgd", "lr_schedule": "constant", "batch_norm": True}
    found = examples(BIAS, slow)
    assert {"--optimizer=adam", "--lr_schedule=cosine"} <= set(found)
    assert "--batch_norm" not in found
    fast = examples(BIAS, {"optimizer": "sgd:momentum=0.9"})
    assert "--optimizer=adam" not in fast


@pytest.mark.parametrize(
    ("flags", "example"),
    [
        ({"model": "softmax_regression"}, "--model=mlp"),
        ({"model": "mlp", "hidden": "100,30"}, "--hidden=200,60"),
        ({"model": "mlp", "hidden": (100, 30)}, "--hidden=200,60"),
        ({"model": "lenet5"}, "--model=resnet20"),
        ({"model": "lenet5_teaching"}, "--model=resnet20"),
        ({"model": "resnet20"}, ""),
    ],
)
def test_a_bigger_network(flags, example):
    mlp = flags["model"] == "mlp"
    facts = {"arguments": {"hidden", "keep_prob"}} if mlp else {}
    found = advice.advise(BIAS, PICTURES | flags, FACTS | facts)
    (bigger,) = [a for a in found if a.what == "use a bigger network"]
    assert bigger.example == example and "61,706 parameters" in bigger.why


def test_variance():
    assert examples(VARIANCE, {"augment": "none"}) == [
        "--learning_curve=0.1,0.25,0.5",
        "--augment=light",
        "--l2=1",
        "--keep_prob=0.8",
        "--weight_average=0.99",
        "--model=lenet5_teaching",
    ]
    assert examples(VARIANCE)[1] == "--augment=standard"
    assert examples(VARIANCE, {"augment": "strong"})[1] == "--l2=1"


def test_a_pretrained_network_for_colour():
    def found(flags, channels=3):
        flags = {"weights": "none"} | flags
        return examples(VARIANCE, flags, {"channels": channels})[2]

    told = "--weights=imagenet --freeze=all"
    assert found({}) == f"--model=mobilenet_v2 {told}"
    assert found({"model": "mobilenet_v2"}) == told
    assert "imagenet" not in found({}, channels=1)
    assert "imagenet" not in found({"weights": "imagenet"})


def test_variance_strengthens_what_is_on():
    on = {"l2": 2.0, "keep_prob": "0.8,0.7", "weight_average": 0.9}
    found = examples(VARIANCE, on)
    assert found[2:4] == ["--l2=6", "--keep_prob=0.6"]
    assert "--augment=light" not in found
    assert "--weight_average=0.99" not in found
    # Half of the units is as much as dropout takes.
    assert "keep" not in " ".join(examples(VARIANCE, {"keep_prob": 0.5}))


def test_learning_curves_move_more_data():
    def place(verdict):
        found = advice.advise(
            VARIANCE, PICTURES, FACTS | {"more_data": verdict}
        )
        (i,) = [i for i, a in enumerate(found) if "more training" in a.what]
        assert not found[i].example
        return i - len(found)

    assert place("helps") == place("unclear") < place("hardly") == -1


def test_bias_and_variance_take_turns_and_contradict_nothing():
    on = {"l2": 1.0, "keep_prob": 0.8}
    found = examples(BOTH, on)
    assert found[:2] == ["--model=resnet20", "--learning_curve=0.1,0.25,0.5"]
    assert "--l2=3" in found and "--l2=0.1" not in found
    assert "--augment=none" not in found and "--keep_prob=0.9" not in found


def test_mismatch_and_overfitted_dev():
    found = advice.advise(MISMATCH, PICTURES, FACTS)
    assert "side by side" in found[0].what
    (only,) = advice.advise(diagnosis(0.001, 0.002, test=0.05), PICTURES, FACTS)
    assert "larger dev set" in only.what


def test_nothing_to_do_and_not_enough_to_tell():
    (stop,) = advice.advise(diagnosis(0.006, 0.009), PICTURES, FACTS)
    assert "stop here" in stop.what
    few = {"train": Measure(0.0, 10**5), "dev": Measure(0.0, 20)}
    (more,) = advice.advise(components.diagnose(few), PICTURES, FACTS)
    assert more.what == "gather about 370 more dev examples"


def test_unknown_human_level_is_asked_for():
    split = {"train": Measure(0.5, 900, 0.7), "dev": Measure(0.5, 900, 0.7)}
    first, *others = advice.advise(components.diagnose(split), PICTURES, FACTS)
    assert first.example == "--human_error=…" and others


def test_nothing_known_is_no_crash():
    for found in (BIAS, VARIANCE, BOTH, MISMATCH):
        assert all(a.what and a.why for a in advice.advise(found, {}, {}))
        assert not any(a.example for a in advice.advise(found, {}, {}))


def test_only_flags_of_the_run_and_no_advice_twice():
    names = list(PICTURES)
    for found, left_out in itertools.product((BIAS, VARIANCE, BOTH), names):
        flags = {k: v for k, v in PICTURES.items() if k != left_out}
        given = advice.advise(found, flags, FACTS)
        assert len(set(given)) == len(given)
        for a in given:
            flag = a.example.partition("=")[0].removeprefix("--")
            assert not flag or flag in flags, (left_out, a)
            value = a.example.partition("=")[2]
            assert not flag or str(flags[flag]) != value
            for text in (a.what, a.why):
                assert text == text.strip() and "  " not in text
                assert not text.endswith((".", ";", ","))


def test_sequences_are_wider_and_drop_in_words_of_their_own():
    flags = {
        "model": "attention",
        "epochs": 12,
        "width": 128,
        "hidden": None,
        "dropout": 0.2,
        "lr_schedule": "cosine",
    }
    facts = {
        "models": ("attention", "encoder_decoder", "transformer"),
        "arguments": {"width", "dropout"},
        "epochs": 12,
        "best_epoch": 12,
    }
    bias, variance = (
        [a.example for a in advice.advise(found, flags, facts)]
        for found in (BIAS, VARIANCE)
    )
    assert {"--width=256", "--dropout=0.1", "--model=transformer"} <= set(bias)
    assert {"--width=64", "--dropout=0.3"} <= set(variance)
    assert not any("hidden" in text for text in bias + variance)
