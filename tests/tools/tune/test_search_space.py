"""What a search draws, against SciPy's distributions."""

import numpy as np
import pytest
from scipy import stats

from kerasnotes import errors
from kerasnotes.tools.tune import search_space, search_text

ORACLES = {
    "log:1e-4:1": stats.loguniform(1e-4, 1).ppf,
    # The largest β is the smallest 1 - β.
    "one_minus_log:0.9:0.999": lambda u: 1 - stats.loguniform(1e-3, 0.1).isf(u),
    "uniform:-2:3": stats.uniform(-2, 5).ppf,
    "int:50:100": stats.randint(50, 101).ppf,
    "logint:1:1000": lambda u: stats.loguniform(0.5, 1000.5).ppf(u).round(),
}


def dimension(kind):
    (found,) = search_text.parse(f"x={kind}")
    return found


@pytest.mark.parametrize("kind", ORACLES)
def test_quantiles(kind):
    shares = np.linspace(0.001, 0.999, 997)
    got = [dimension(kind).draw(u) for u in shares]
    tolerance = {"rtol": 1e-3} if kind[0] in "lu" else {"atol": 1e-4}
    np.testing.assert_allclose(got, ORACLES[kind](shares), **tolerance)


@pytest.mark.parametrize("kind", ORACLES)
def test_what_trials_draw_is_so_distributed(kind):
    x = dimension(kind)
    drawn = [search_space.sample([x], 0, n)["x"] for n in range(4000)]
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        # Where values are discrete, the share up to a quantile is larger.
        quantile = ORACLES[kind](share)
        below = np.mean(np.array(drawn) < quantile - 1e-9)
        upto = np.mean(np.array(drawn) <= quantile + 1e-9)
        assert below - 0.03 < share < upto + 0.03


def test_25_trials_try_25_learning_rates_where_a_grid_tries_5():
    space = search_text.parse("learning_rate=log:1e-4:1,l2=log:1e-3:10")
    rates = [
        search_space.sample(space, 0, n)["learning_rate"] for n in range(25)
    ]
    grid = np.meshgrid(np.logspace(-4, 0, 5), np.logspace(-3, 1, 5))
    assert (len(set(rates)), len(np.unique(grid[0]))) == (25, 5)


@pytest.mark.parametrize("kind", ORACLES)
def test_values_are_short_and_in_range(kind):
    x = dimension(kind)
    for u in (0.0, *np.random.default_rng(0).random(200), 1 - 1e-12):
        value = x.draw(u)
        assert x.low <= value <= x.high
        assert len(str(value).strip("-0.").replace(".", "")) <= 7
        assert 0 <= x.position(value) <= 1


def test_each_value_depends_on_its_own_dimension():
    two = search_text.parse("a=uniform:0:1,b=uniform:0:1")
    one = search_text.parse("b=uniform:0:1")
    both = search_space.sample(two, 3, 7)
    assert both["b"] == search_space.sample(one, 3, 7)["b"] != both["a"]
    assert search_space.sample(one, 4, 7) != search_space.sample(one, 3, 7)


def test_narrowing_stays_inside_and_on_the_scale():
    rate = dimension("log:1e-4:1")
    around = rate.narrowed([1e-3, 1e-2])
    assert around.low == pytest.approx(1e-4)
    assert around.high == pytest.approx(1e-1)
    edge = rate.narrowed([0.5, 0.6, 0.9])
    assert rate.low < edge.low < 0.5 and edge.high == 1
    beta = dimension("one_minus_log:0.9:0.999").narrowed([0.99, 0.98, 0.97])
    assert 0.9 < beta.low < 0.97 and 0.99 < beta.high < 0.999
    units = dimension("int:1:100").narrowed([7, 7, 7])
    assert (units.low, units.high) == (6, 8)
    choice = dimension("choice:a|b|c").narrowed(["c", "a", "a"])
    assert choice.choices == ("a", "c")


def test_what_does_not_matter_does_not_narrow():
    x, rng = dimension("uniform:0:1"), np.random.default_rng(0)
    widths = []
    for _ in range(2000):
        around = x.narrowed(list(rng.random(5)))
        widths.append(around.high - around.low)
    # Of five uniform draws the range, so widened, covers nearly all.
    assert np.mean(widths) > 0.85


def test_choices_may_hold_commas():
    found = search_text.parse(
        "hidden=choice:64|128,64,optimizer=choice:adam|sgd:momentum=0.9,"
        "nesterov=true,l2=log:1e-3:1"
    )
    assert found[0].choices == ("64", "128,64")
    assert found[1].choices == ("adam", "sgd:momentum=0.9,nesterov=true")
    assert found[2].name == "l2"


def test_arguments_join_the_flag_that_is_drawn():
    values = {
        "optimizer.beta_1": 0.95,
        "optimizer": "adam",
        "lr_schedule.rate": 2.0,
    }
    base = {"lr_schedule": "inverse:k=1", "optimizer": "sgd"}
    assert search_text.flags(values, base) == {
        "optimizer": "adam:beta_1=0.95",
        "lr_schedule": "inverse:k=1,rate=2.0",
    }


@pytest.mark.parametrize(
    "text, told",
    [
        ("learning_rate", "name=kind:range"),
        ("l2=lg:1:2", "did you mean 'log'"),
        ("l2=log:1", "two numbers"),
        ("l2=int:1:2.5", "two integers"),
        ("l2=log:1:0.1", "the least comes first"),
        ("l2=log:0:1", "above 0"),
        ("l2=logint:0:5", "above 0"),
        ("l2=uniform:0:inf", "finite"),
        ("b=one_minus_log:0.9:1", "below 1"),
        ("o=choice:a||b", "not empty"),
        ("o=choice:a|a", "distinct"),
        ("h=layers:2-4", "layers:2-4:50-100"),
        ("h=layers:0-4:5-9", "from 1 on"),
        ("l2=log:1:2,l2=log:1:2", "named twice"),
    ],
)
def test_one_line_for_what_cannot_be_read(text, told):
    with pytest.raises(errors.UserError, match=r"^[^\n]+$") as caught:
        search_text.parse(text)
    assert told in str(caught.value)
