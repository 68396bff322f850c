"""Folders of pictures with a sheet of labels, as users have them."""

import io

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import multi_examples
from kerasnotes.data.pictures.readers import labelled


def picture(value, mode="RGB"):
    out = io.BytesIO()
    Image.new(mode, (6, 4), value).save(out, "PNG")
    return out.getvalue()


def write(folder, sheet, names=("a.png", "b.png", "sub/c.png")):
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture((40 * i, 0, 0)))
    if isinstance(sheet, str):
        sheet = sheet.encode()
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_bytes(sheet)
    return folder


def test_cells_are_yes_no_or_unknown(tmp_path):
    sheet = "file,red,round\nsub/c.png,1,0\na.png,YES,\n./b.png, no ,True\n"
    found = labelled.read(write(tmp_path, sheet), size=5)
    assert found.class_names == ["red", "round"]
    assert found.ids == ["sub/c.png", "a.png", "b.png"]
    assert found.labels.dtype == np.int8
    assert found.labels.tolist() == [[1, 0], [1, -1], [0, 1]]
    assert found.images[:, 0, 0, 0].tolist() == [80, 0, 40]
    assert (found.official, found.skipped) == (None, [])


def test_names_in_another_form_of_unicode(tmp_path):
    folder = write(tmp_path, "file,a\ncaf\xe9.png,1\n", ["cafe\u0301.png"])
    assert labelled.read(folder, 5).ids == ["caf\xe9.png"]


def test_a_spreadsheets_own_ways(tmp_path):
    sheet = "\ufefffile;rød;\r\na.png;1.0;\r\n;;\r\nsub\\c.png;0.0;\r\n"
    found = labelled.read(write(tmp_path, sheet))
    assert found.class_names == ["rød"]
    assert found.ids == ["a.png", "sub/c.png"]
    assert found.labels.tolist() == [[1], [0]]


def test_what_is_of_no_use_is_skipped_and_told(tmp_path):
    names = [f"{i}.png" for i in range(20)]
    rows = "".join(f"{name},1\n" for name in names[:18])
    sheet = f"file,red\n{rows}{names[18]},\ngone.png,0\n"
    write(tmp_path, sheet, names)
    (tmp_path / "3.png").write_bytes(picture("red")[:40])
    found = labelled.read(tmp_path)
    assert len(found.ids) == len(found.labels) == 17
    reasons = dict(found.skipped)
    assert "no whole JPEG" in reasons.pop("3.png")
    assert reasons == {
        "18.png": "no label known",
        "19.png": "not in labels.csv",
        "gone.png": "missing",
    }


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("name,red\na.png,1\n", "line 1: no 'file'"),
        ("file\na.png\n", "line 1: no label"),
        ("file,red\n", "no row"),
        ("", "empty"),
        ("file,red\na.png,1\nb.png,maybe\n", "line 3: 'maybe' in column 'red'"),
        ("file,red\na.png,-1\n", "line 2: '-1' in column 'red'"),
        ("file,red\na.png,1\n\n./a.png,0\n", "line 4: 'a.png' again.*line 2"),
        ("file,red\n,1\n", "line 2: names no file"),
        ("file,red\na.png,1\nx/b.png,1\n", "line 3: no file 'x/b.png'.*1 of 2"),
        ("file,red\na.png,\n", "no row knows a label"),
        (b"file,red\na.png,1\nb\xe5.png,1\n", "line 3: not UTF-8"),
    ],
)
def test_sheets_refused(tmp_path, sheet, told):
    folder = write(tmp_path / "set", sheet)
    with pytest.raises(errors.UserError, match=told) as caught:
        labelled.read(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_sheet_is_refused(tmp_path):
    write(tmp_path, "x").joinpath("labels.csv").unlink()
    with pytest.raises(errors.UserError, match="labels.csv"):
        labelled.read(tmp_path)
    with pytest.raises(errors.UserError, match="nowhere"):
        labelled.read(tmp_path / "nowhere")


@pytest.mark.parametrize("labels", [[[1, 0]], [[2], [0]], [1, 0], [[0.5], [1]]])
def test_labels_that_are_none(labels):
    images = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="`labels`.*Received: shape"):
        multi_examples.MultiExamples(
            images, np.array(labels), ["a", "b"], ["red"]
        )
