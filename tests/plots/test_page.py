import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from kerasnotes.plots import figures, images, page, style

NASTY = "<script>alert('x')</script> & \"quotes\""
PNG = images.thumbnail_png(np.zeros((8, 8, 1), "uint8"), 48)
BLOCKS = [
    page.Facts([(NASTY, NASTY), ("accuracy", 0.98765)]),
    page.Text(NASTY),
    page.Heading(NASTY),
    page.Gallery([(PNG, (NASTY, NASTY))], large=True),
    page.Heading("Second"),
    page.Picture(PNG, NASTY, NASTY, chart=True),
    page.Table([NASTY, NASTY], [[NASTY, NASTY]], NASTY),
    page.Code(NASTY),
]
VOID = {"meta", "link", "img", "br"}


class Reader(html.parser.HTMLParser):
    """Holds that tags are balanced; keeps tags and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "new" / "report.html"
    page.write(path, NASTY, NASTY, BLOCKS)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    return path.read_text("utf-8")


def test_nothing_runs_and_nothing_is_fetched(written):
    reader = Reader(written)
    assert not reader.all("script")
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"https?:|url\(|@import", written)
    policies = [a["content"] for a in reader.all("meta") if "http-equiv" in a]
    assert policies[0].startswith("default-src 'none';")


def test_all_text_arrives_as_it_was(written):
    text = Reader(written).text
    # Title twice, subtitle and 12 in the blocks; code has its words apart.
    assert text.count(NASTY) == 15
    assert "".join(text).count(NASTY) == 16
    assert [a["alt"] for a in Reader(written).all("img")] == [
        "Picture 1",
        NASTY,
    ]


def test_headings_and_sections_are_in_order(written):
    names = [tag for tag, _ in Reader(written).tags]
    assert [n for n in names if n in ("h1", "h2", "section")] == [
        "h1",
        *("section", "section", "h2", "section", "h2"),
    ]


def test_a_phone_and_a_reader_are_told(written):
    reader = Reader(written)
    assert reader.all("html") == [{"lang": "en"}]
    metas = {
        a.get("name"): a["content"] for a in reader.all("meta") if "name" in a
    }
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"] == "light dark"
    assert all(a["alt"] and a["width"] for a in reader.all("img"))
    scopes = [a["scope"] for a in reader.all("th")]
    assert scopes == ["col", "col", "row"]


def test_equal_pages_are_equal_bytes(written, tmp_path):
    page.write(tmp_path / "b.html", NASTY, NASTY, BLOCKS)
    assert (tmp_path / "b.html").read_text("utf-8") == written


def test_names_that_are_no_utf8(tmp_path):
    page.write(tmp_path / "a.html", "\udcff", "", [page.Text("\udcff")])
    assert Reader((tmp_path / "a.html").read_text("utf-8")).text.count("?") == 3


def test_a_failed_write_leaves_the_old_page(tmp_path):
    path = tmp_path / "a.html"
    page.write(path, "old", "", [])
    missing = page.Picture(tmp_path / "no.png", "", "")
    with pytest.raises(FileNotFoundError):
        page.write(path, "new", "", [missing])
    assert "<h1>old</h1>" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "block",
    [page.Table(["a", "b"], []), page.Table([], []), page.Gallery([])],
)
def test_nothing_to_show_is_said(block):
    assert "none" in "".join(Reader(block.html()).text).lower()


def test_no_facts_leave_no_mark():
    assert page.Facts([]).html() == ""


def test_table_aligns_numbers():
    rows = [
        ["a", 1, 0.5, None, "1", True],
        ["b", 2, float("nan"), 3, "2", False],
    ]
    header = ["name", "int", "float", "some", "text", "bool"]
    cells = Reader(page.Table(header, rows).html()).all("td")
    right = [True, True, True, False, False] * 2
    assert [a.get("class") == "n" for a in cells] == right
    cells = Reader(page.Table(header, rows, numeric=(4,)).html()).all("td")
    assert [a.get("class") == "n" for a in cells] == [False] * 3 + [
        True,
        False,
    ] + [False] * 3 + [True, False]


def test_table_shows_numbers_short():
    row = [np.float32(0.123456), np.int64(1234), 1e-7, 12345.6, None, np.nan]
    shown = Reader(page.Table(list("abcdef"), [row]).html()).text[6:]
    assert shown == ["0.1235", "1234", "1e-07", "1.235e+04", "–", "–"]


def test_table_of_150_classes_scrolls_in_its_box():
    rows = [[f"class {i}", i / 150] for i in range(150)]
    reader = Reader(page.Table(["class", "f1"], rows, "All").html())
    assert len(reader.all("tr")) == 151
    name, box = reader.tags[0]
    assert (name, box["class"], box["tabindex"]) == ("div", "scroll", "0")
    assert box["aria-label"] == "All"


def test_long_texts_stand_below_one_another_on_a_phone():
    header = ["what to try", "why", "flags"]
    row = ["augment less", "it makes <training> harder " * 2, "--augment=none"]
    reader = Reader(page.Table(header, [row], numeric=(2,)).html())
    assert reader.all("table")[0]["class"] == "stack"
    cells = reader.all("td")
    assert [cell["data-title"] for cell in cells] == ["why", "flags"]
    assert cells[1]["class"] == "n"
    # Numbers and short texts stay columns.
    for row in (["a", 1.0, 0.25], ["train", "As trained", "T = 0.61"]):
        (table,) = Reader(page.Table(header, [row]).html()).all("table")
        assert "class" not in table


def test_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match=r"2 cells.*Received: \['x'\]"):
        page.Table(["a", "b"], [["x"]])


def test_picture_shows_at_its_size_from_path_or_bytes(tmp_path):
    data = io.BytesIO()
    Image.new("L", (1500, 600)).save(data, "PNG", dpi=(150, 150))
    (tmp_path / "a.png").write_bytes(data.getvalue())
    shown = page.Picture(data.getvalue(), "", "alt").html()
    assert shown == page.Picture(tmp_path / "a.png", "", "alt").html()
    (image,) = Reader(shown).all("img")
    assert (image["width"], image["height"]) == ("960", "384")
    assert image["style"] == "min-width:640px"


def test_picture_refuses_what_is_no_png():
    data = io.BytesIO()
    Image.new("L", (4, 4)).save(data, "JPEG")
    with pytest.raises(OSError, match="cannot identify"):
        page.Picture(data.getvalue(), "", "").html()


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    ]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


def _contrast(a, b):
    low, high = sorted([_luminance(a), _luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_has_contrast(scheme):
    block = re.findall(r":root \{(.*?)\}", style.CSS, re.S)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", block))
    for text in ("ink", "muted"):
        for ground in ("page", "soft"):
            assert _contrast(colours[text], colours[ground]) >= 4.5


def test_figures_have_contrast():
    for text in (figures.INK, figures.MUTED, figures.ACCENT):
        assert _contrast(text, "#ffffff") >= 4.5
