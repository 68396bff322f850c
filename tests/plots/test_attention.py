import warnings

import numpy as np
import pytest

from kerasnotes.plots import figures
from kerasnotes.plots.attention import attention

pytestmark = pytest.mark.usefixtures("fonts_of_matplotlib_alone")


def weights(*shape):
    drawn = np.random.default_rng(0).exponential(size=shape)
    return drawn / drawn.sum(axis=-1, keepdims=True)


def draw(source, target, heads=1):
    """Draws, and fails where Matplotlib has no sign for a character."""
    figure = attention(weights(heads, len(target), len(source)), source, target)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figures.png(figure).startswith(b"\x89PNG")
    return figure


def labels(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def note(figure):
    (text,) = figure.texts
    return text.get_text()


def test_rows_are_the_output_and_columns_the_source():
    given = weights(2, 3)
    (axes, _) = attention(given, list("abc"), ["x", "⟨end⟩"]).axes
    image = axes.images[0]
    np.testing.assert_array_equal(image.get_array(), given)
    assert labels(axes.xaxis) == ["a", "b", "c"]
    assert labels(axes.yaxis) == ["x", "⟨end⟩"]
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)


@pytest.mark.parametrize("heads", [2, 3, 4, 8])
def test_a_panel_for_each_head(heads):
    given = weights(heads, 3, 5)
    figure = attention(given, list("abcde"), list("xyz"))
    *panels, _ = figure.axes
    assert [axes.get_title() for axes in panels] == [
        f"head {i + 1}" for i in range(heads)
    ]
    for axes, panel in zip(panels, given, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), panel)
        assert labels(axes.xaxis) == list("abcde")
    figure = attention(
        given, list("abcde"), list("xyz"), heads="abcdefgh"[:heads]
    )
    assert figure.axes[1].get_title() == "b"


@pytest.mark.parametrize(
    ("heads", "source"), [(1, 30), (4, 9), (8, 21), (4, 99)]
)
def test_panels_keep_apart_and_fit_the_page(heads, source):
    words = ["seventeen letters"[: 1 + i % 17] for i in range(source)]
    figure = draw(words, ["a", "b"], heads)
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i])
    assert figure.get_size_inches()[0] < 10.5


def test_what_can_not_be_seen_has_a_sign():
    figure = draw([" the", "\t", "\u200f", "\xa0", "\udcff", "\u0301"], ["\n"])
    assert labels(figure.axes[0].xaxis) == [
        *("␣the", "⇥", "U+200F", "U+00A0", "U+DCFF", "◌\u0301")
    ]
    assert labels(figure.axes[0].yaxis) == ["↵"]
    assert note(figure).startswith("U+… is the code point")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("年", "U+5E74"),
        ("5月", "5 U+6708"),
        ("३", "U+0969"),
        ("مايو", "مايو"),
        ("мая", "мая"),
        ("$x^2$", "$x^2$"),
        ("a" * 40, "a" * 13 + "…"),
    ],
)
def test_every_script(text, shown):
    figure = draw([text, "b"], [text])
    assert labels(figure.axes[0].xaxis) == [shown, "b"]
    assert labels(figure.axes[0].yaxis) == [shown]
    assert ("U+" in note(figure)) == ("U+" in shown)


def test_a_font_that_has_the_character_is_used():
    # DejaVu Sans lacks 𝒩, and STIX has it.
    assert labels(draw(["𝒩"], ["a"]).axes[0].xaxis) == ["𝒩"]


@pytest.mark.parametrize(("heads", "limit"), [(1, 64), (2, 40)])
def test_of_long_texts_the_beginning_is_shown(heads, limit):
    given = weights(heads, limit + 1, 500)
    figure = attention(given, ["a"] * 500, ["b"] * (limit + 1))
    assert figure.axes[0].images[0].get_array().shape == (limit, limit)
    assert note(figure) == (
        f"The first {limit} of 500 tokens of the source; the first {limit} of "
        f"{limit + 1} tokens of the output"
    )
    assert max(figure.get_size_inches()) < 12
    whole = attention(given[:, :1, :limit], ["a"] * limit, ["b"])
    assert note(whole) == ""


@pytest.mark.parametrize(
    ("shape", "heads"),
    [((2, 2), None), ((3, 2, 2), None), ((2, 3, 2), "a"), ((0, 3, 2), None)],
)
def test_another_shape_is_refused(shape, heads):
    with pytest.raises(ValueError, match="`weights`.*Received: "):
        attention(np.ones(shape), ["a", "b"], ["x"] * 3, heads)
