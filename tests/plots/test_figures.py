import concurrent.futures
import subprocess
import sys

import pytest
from matplotlib import figure as mpl
from PIL import Image

from kerasnotes import errors
from kerasnotes.plots import curves, figures

HISTORY = [{"loss": 1 / i, "val_loss": 2 / i} for i in range(1, 6)]


def test_saved_at_150_dpi_without_date_or_software(tmp_path):
    figure = mpl.Figure(figsize=(4, 2))
    figure.add_axes((0, 0, 1, 1), xticks=[], yticks=[])
    figures.save(figure, tmp_path / "new" / "a.png")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.png"]
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert image.info.keys() == {"dpi"}
        assert image.info["dpi"][0] == pytest.approx(150, abs=0.1)
        assert image.width == pytest.approx(630, abs=5)
        assert image.height == pytest.approx(330, abs=5)


def test_equal_figures_give_equal_bytes_in_threads_too():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        drawn = pool.map(
            lambda _: figures.png(curves.curves(HISTORY, best=3)), range(4)
        )
        assert len(set(drawn)) == 1


def test_pyplot_and_tensorflow_stay_out():
    code = (
        "import sys; from kerasnotes.plots import curves, confusion, images,"
        " page, figures; figures.png(curves.curves([{'loss': 1}]));"
        "print([m for m in ('matplotlib.pyplot', 'tensorflow', 'keras')"
        " if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert ran.stdout == "[]\n", ran.stderr


def test_an_unwritable_place_is_the_users_to_mend(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(errors.UserError, match="a.png: can't be written"):
        figures.save(curves.curves(HISTORY), tmp_path / "a.png")


def test_label_is_one_short_line():
    assert figures.label(" a\n b\t") == "a b"
    assert figures.label("x" * 28) == "x" * 28
    assert figures.label("x" * 29) == "x" * 27 + "…"
    assert figures.label("bad \udcff") == "bad ?"
