import numpy as np
import pytest

from kerasnotes.plots import curves


def rows(count, **columns):
    return [
        {"epoch": i + 1, **{k: f(i) for k, f in columns.items()}}
        for i in range(count)
    ]


def titles(figure):
    return [axes.get_title("left") for axes in figure.axes]


def line(axes, role):
    return next(x for x in axes.lines if x.get_label() == role).get_xydata()


def test_a_panel_for_what_there_is():
    history = rows(
        3,
        loss=lambda i: 1 / (i + 1),
        val_recall_min=lambda i: i / 3,
        learning_rate=lambda i: 0.1 * 0.5**i,
    )
    figure = curves.curves(history, "recall_min")
    assert titles(figure) == ["Loss", "Recall min", "Learning rate"]
    wide, height = figure.get_size_inches()
    one, _ = curves.curves(rows(3, loss=float)).get_size_inches()
    assert (wide, height) == (3 * one, 2.6)


def test_a_constant_rate_has_no_panel():
    history = rows(3, loss=float, learning_rate=lambda i: 0.1)
    assert titles(curves.curves(history)) == ["Loss"]


def test_loss_as_the_metric_is_drawn_once():
    assert titles(curves.curves(rows(2, loss=float), "loss")) == ["Loss"]


def test_lines_are_named_and_apart():
    history = rows(5, loss=float, val_loss=lambda i: i + 1e-6)
    names = curves.curves(history).axes[0].texts
    assert {t.get_text() for t in names} == {"train", "dev"}
    heights = [t.xy[1] for t in names]
    assert abs(heights[0] - heights[1]) == pytest.approx(0.11, abs=1e-4)


@pytest.mark.parametrize("hole", [None, "", "nan", float("nan"), np.inf])
def test_what_is_no_number_is_left_out(hole):
    history = rows(4, loss=lambda i: hole if i == 1 else str(i))
    drawn = line(curves.curves(history).axes[0], "train")
    np.testing.assert_array_equal(drawn, [[1, 0], [3, 2], [4, 3]])


def test_missing_epochs_count_from_1():
    history = [{"loss": 2.0}, {"epoch": "", "loss": 1.0}]
    drawn = line(curves.curves(history).axes[0], "train")
    np.testing.assert_array_equal(drawn, [[1, 2], [2, 1]])


def test_one_row_is_a_dot_at_its_epoch():
    figure = curves.curves(rows(1, loss=float, val_loss=float), best=1)
    axes = figure.axes[0]
    drawn = [line(axes, role) for role in ("train", "dev")]
    np.testing.assert_array_equal(drawn, [[[1, 0]], [[1, 0]]])
    assert {x.get_marker() for x in axes.lines[:2]} == {"o"}
    low, high = axes.get_xlim()
    assert [t for t in axes.get_xticks() if low <= t <= high] == [1]


def test_no_finite_value_says_so():
    axes = curves.curves(rows(2, loss=lambda i: float("nan"))).axes[0]
    assert [t.get_text() for t in axes.texts] == ["no finite value"]


def test_the_best_epoch_is_marked():
    history = rows(4, loss=float, val_loss=lambda i: (i - 2) ** 2 + 0.25)
    axes = curves.curves(history, best=3).axes[0]
    assert axes.get_title("right") == "0.25 at epoch 3"
    points = [
        tuple(x.get_xydata()[0]) for x in axes.lines if len(x.get_xydata()) == 1
    ]
    assert points == [(3, 0.25)]


@pytest.mark.parametrize(
    ("last", "scale"), [(1e-4, "log"), (0.05, "linear"), (0.0, "linear")]
)
def test_a_rate_over_decades_is_logarithmic(last, scale):
    history = rows(2, loss=float, learning_rate=lambda i: [0.1, last][i])
    assert curves.curves(history).axes[1].get_yscale() == scale


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match=r"`history`.*Received: \[\]"):
        curves.curves([])
