import numpy as np
import pytest
from scipy import stats

from kerasnotes.diagnosis import error_analysis


def by_tag(found):
    return {c.tag: c for c in found}


@pytest.mark.parametrize("dogs, to", [(5, 0.095), (50, 0.05)])
def test_the_courses_dogs(dogs, to):
    tags = [{"dog"}] * dogs + [set()] * (100 - dogs)
    (dog,) = error_analysis.ceilings(tags, 0.10)
    assert (dog.tag, dog.count) == ("dog", dogs)
    assert 0.10 - dog.fall == pytest.approx(to)


@pytest.mark.parametrize(
    "error, wrong, left", [(0.10, 6, 0.094), (0.02, 30, 0.014)]
)
def test_the_courses_wrong_labels(error, wrong, left):
    """0.6 % of all examples is little of 10 % error, and much of 2 %."""
    tags = [{"wrong label"}] * wrong + [set()] * (100 - wrong)
    (label,) = error_analysis.ceilings(tags, error)
    assert label.fall == pytest.approx(0.006)
    rest, rest_error, weights = error_analysis.without_wrong_labels(tags, error)
    assert (len(rest), weights) == (100 - wrong, None)
    assert rest_error == pytest.approx(left)


def test_tags_overlap_and_the_largest_is_first():
    tags = [{"a", "b"}] * 3 + [{"b"}] * 4 + [{"a", "c"}] + [set()] * 2
    found = error_analysis.ceilings(tags, 0.2)
    assert [(c.tag, c.count) for c in found] == [("b", 7), ("a", 4), ("c", 1)]
    assert sum(c.share for c in found) == pytest.approx(1.2)
    for c in found:
        want = stats.binomtest(c.count, 10).proportion_ci(method="wilson")
        np.testing.assert_allclose(c.interval, want)


def test_without_wrong_labels_shares_are_of_the_rest():
    tags = [{"label", "blurry"}] * 4 + [{"blurry"}] * 3 + [{"dark"}] * 3
    rest, error, _ = error_analysis.without_wrong_labels(tags, 0.10)
    found = by_tag(error_analysis.ceilings(rest, error))
    assert set(found) == {"blurry", "dark"}
    assert error == pytest.approx(0.06)
    assert found["blurry"].share == pytest.approx(0.5)
    assert found["blurry"].fall == pytest.approx(0.03)


def test_mistakes_may_weigh():
    weights = np.array([4.0, 2.0, 1.0, 1.0])
    tags = [{"old"}, {"label"}, {"old", "fast"}, set()]
    found = by_tag(error_analysis.ceilings(tags, 0.08, weights))
    assert found["old"].fall == pytest.approx(0.08 * 5 / 8)
    assert found["old"].interval is None
    rest, error, left = error_analysis.without_wrong_labels(tags, 0.08, weights)
    assert error == pytest.approx(0.06)
    assert left.tolist() == [4, 1, 1]
    assert len(rest) == 3


@pytest.mark.parametrize(
    "tag, wrong",
    [
        ("label", True),
        ("wrong label", True),
        ("wrong_labels", True),
        ("labelled twice", False),
        ("wrong", False),
    ],
)
def test_what_says_that_the_label_is_wrong(tag, wrong):
    assert error_analysis.is_wrong_label(tag) == wrong


def test_refuses_what_cannot_be_counted():
    with pytest.raises(ValueError, match="Received: 0 sets"):
        error_analysis.ceilings([], 0.1)
    with pytest.raises(ValueError, match=r"shape \(1,\)"):
        error_analysis.ceilings([{"a"}, {"b"}], 0.1, [1.0])
    for weights in ([0, 0], [-1, 2]):
        with pytest.raises(ValueError, match="must not be negative"):
            error_analysis.ceilings([{"a"}, {"b"}], 0.1, weights)
