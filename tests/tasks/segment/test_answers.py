"""What answers are worth: counts of pixels, thresholds, scores."""

import numpy as np
import pytest

from kerasnotes import errors, metrics
from kerasnotes.data.pictures import mask_batches, mask_examples
from kerasnotes.tasks.segment import answers as answers_lib
from kerasnotes.tasks.segment import class_weights


def build(truth, outputs, classes):
    """Return `Answers` to masks, 255 where a pixel doesn't count."""
    count, height, width = truth.shape
    names = [str(i) for i in range(classes)]
    examples = mask_examples.MaskExamples(
        np.zeros([count, height, width, 1], np.uint8),
        truth,
        [f"p{i}" for i in range(count)],
        names,
    )
    split = mask_batches.MaskSplit(examples, range(count))
    return answers_lib.Answers(
        split, outputs, weights=split.weights, losses=np.ones(count),
        classes=classes,
    )  # fmt: skip


def random(classes=3, count=5):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, [count, 6, 7]).astype(np.uint8)
    truth[:, 0] = 255
    # The last class is in one picture alone.
    truth[1:][truth[1:] == classes - 1] = 0
    return truth, rng.integers(0, classes, truth.shape).astype(np.uint8)


def test_rates_are_those_of_a_plain_loop():
    truth, masks = random()
    got = build(truth, masks, 3)
    tally = got.tally()
    both, union = np.zeros([5, 3]), np.zeros([5, 3])
    for i in range(5):
        for label in range(3):
            known = truth[i] != 255
            one = (truth[i] == label) & known
            other = (masks[i] == label) & known
            both[i, label] = (one & other).sum()
            union[i, label] = (one | other).sum()
    np.testing.assert_allclose(tally.iou, both / union)
    np.testing.assert_allclose(
        tally.errors, 1 - (both / union).mean(1), atol=1e-12
    )
    scores = answers_lib.score(got, tally, list("abc"), 0.5)
    iou = both.sum(0) / union.sum(0)
    assert scores["mean_iou"] == pytest.approx(iou.mean())
    dice = 2 * both.sum(0) / (both.sum(0) + union.sum(0))
    assert scores["mean_dice"] == pytest.approx(dice.mean())
    assert scores["per_class"]["b"]["iou"] == pytest.approx(iou[1])
    assert scores["loss"] == 1.5 and scores["absent"] == []


def test_a_class_that_is_nowhere_counts_nothing_and_one_answered_does():
    truth = np.zeros([2, 2, 2], np.uint8)
    truth[0, 0, 0] = 1
    masks = truth.copy()
    masks[1, 0, 0] = 2
    tally = build(truth, masks, 4).tally()
    scores = answers_lib.score(build(truth, masks, 4), tally, list("abcd"))
    # Of the last class nothing is known; the third is answered wrongly.
    assert scores["mean_iou"] == pytest.approx((6 / 7 + 1 + 0) / 3)
    assert scores["per_class"]["d"]["iou"] is None
    assert scores["absent"] == ["c", "d"]
    assert tally.errors[0] == 0
    assert tally.errors[1] == pytest.approx(1 - (3 / 4 + 0) / 2)


def test_the_threshold_has_the_best_iou():
    rng = np.random.default_rng(0)
    truth = (rng.random([4, 30, 30]) < 0.2).astype(np.uint8)
    truth[0, :5] = 255
    p = 1 / (1 + np.exp(-(rng.normal(size=truth.shape) - 2 + 2 * (truth == 1))))
    got = build(truth, p.astype(np.float32), 2)
    best = answers_lib.best_threshold(got)

    def iou(threshold):
        return got.tally(threshold).pooled()["iou"][1]

    others = [iou(t) for t in np.linspace(0.01, 0.99, 99)]
    assert iou(best) >= max(others) - 1e-4 and iou(best) > iou(0.5) + 0.02
    scores = answers_lib.score(got, got.tally(best), ["no", "yes"])
    assert scores["f1"] == pytest.approx(2 * iou(best) / (1 + iou(best)))


def test_rates_are_those_of_the_metric():
    truth, masks = random()
    got = build(truth, masks, 3)
    scores = answers_lib.score(
        got, got.tally(), list("abc"), 0.0, answers_lib.borders(got)
    )
    metric = metrics.SegmentationMetrics(3)
    metric.update_state(got.truth, np.eye(3)[masks])
    for name, value in metric.result().items():
        assert scores[name] == pytest.approx(float(value)), name
    assert 0 < scores["boundary_f1"] < 1


def test_a_dev_set_without_the_object():
    truth = np.full([1, 2, 2], 255, np.uint8)
    truth[0, 0] = [0, 1]
    got = build(truth, np.full([1, 2, 2], 0.3, np.float32), 2)
    truth = np.zeros_like(truth)
    object.__setattr__(got, "truth", truth.astype(np.int16))
    assert answers_lib.best_threshold(got) == 0.5


FACTS = {"classes": ["a", "b=c"], "shares": [0.9, 0.1]}


def test_weights_of_classes():
    auto = np.array(class_weights.weights("auto", FACTS))
    assert (auto * FACTS["shares"]).sum() == pytest.approx(1)
    assert auto[1] / auto[0] == pytest.approx(3)
    assert class_weights.weights("none", FACTS) is None
    assert class_weights.weights("b=c=2,a=0.5", FACTS) == [0.5, 2]


@pytest.mark.parametrize("text", ["d=1", "a=0", "a=x", "balanced", "a=inf"])
def test_weights_that_are_none(text):
    with pytest.raises(errors.UserError, match="--class_weight"):
        class_weights.weights(text, FACTS)
