import re
import warnings

import pytest

from kerasnotes.plots import confusion, figures, fonts
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("fonts_of_matplotlib_alone")


def matrix(*names):
    return confusion.confusion([[3, 1], [0, 2]], names)


def test_a_font_that_has_the_character_is_used():
    # DejaVu Sans lacks both, and STIX has them: no two boxes.
    assert len(fonts.families(frozenset("a𝒩"))[0]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = {figures.png(matrix(name, "b")) for name in ("𝒩", "𝒫")}
    assert len(drawn) == 2
    figure = matrix("𝒩", "b")
    figures.png(figure)
    _, label = figure.axes[0].yaxis.get_ticklabels()
    assert label.get_fontfamily() == ["sans-serif"]


def test_characters_of_no_font_are_named_once():
    with pytest.warns(UserWarning) as caught:
        figures.png(matrix("犬 é", "猫"))
        figures.png(matrix("猫", "b"))
    (message,) = (str(one.message) for one in caught)
    assert "boxes for 犬 猫: no font here has them" in message
    with pytest.warns(UserWarning, match="boxes for ก:"):
        figures.png(matrix("猫", "ก"))


def test_of_many_characters_some_are_named():
    many = "".join(map(chr, range(0x4E00, 0x4E10)))
    with pytest.warns(UserWarning, match=r"\w and 4 more: "):
        figures.png(matrix(many, "b"))


def test_every_figure_has_its_fonts():
    """Matplotlib's own Figure would draw boxes."""
    for path in sorted((ROOT / "kerasnotes").rglob("*.py")):
        made = re.findall(r"(\w+)\.Figure\(", path.read_text())
        assert set(made) <= {"figures"} or path.name == "figures.py", path
