"""Class folders and zips of pictures, as users have them."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.data.pictures import load
from kerasnotes.data.tables import read as tables
from tests.support.paths import SHARED


def picture(value, kind="PNG", mode="RGB", size=(6, 4)):
    out = io.BytesIO()
    Image.new(mode, size, value).save(out, kind)
    return out.getvalue()


RED, BLUE, GREY = picture("red"), picture("blue", "JPEG"), picture(90, mode="L")


def write(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(root)


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


FILES = {
    "cat/a.png": RED,
    "cat/deep/er.png": RED,
    "dog/b.jpg": BLUE,
    "dog/noname": BLUE,
    "dog/notes.txt": b"fed at noon",
    "dog/page.jpg": b"<html>not found</html>",
    "loose.png": RED,
    "README.md": b"# Pets",
    ".git/c.png": RED,
    "dog/.hidden.png": RED,
    "__MACOSX/cat/._a.png": RED,
}
SKIPPED = {
    "dog/notes.txt": "no picture",
    "dog/page.jpg": "no picture",
    "loose.png": "in no class folder",
    "README.md": "no picture",
}


def test_a_class_without_a_whole_picture_is_refused(tmp_path):
    files = {"a/1.png": RED, "b/1.png": RED, "c/1.png": RED[:40]}
    path = write(tmp_path / "set", files)
    with pytest.raises(errors.UserError, match="class 'c' can be read, as 'c/"):
        load.load(path, image_size=5)


@pytest.mark.parametrize("wrapper", ["", "pets/", "pets/v2/"])
@pytest.mark.parametrize("kind", ["folder", "zip", "folder of zip"])
def test_class_folders(tmp_path, kind, wrapper):
    files = {wrapper + name: data for name, data in FILES.items()}
    if kind == "folder":
        path = write(tmp_path / "set", files)
    elif kind == "zip":
        path = write_zip(tmp_path / "set.zip", files)
    else:
        write_zip(tmp_path / "pets.zip", files)
        path = write(tmp_path, {"LICENSE": b"free"})
    examples = load.load(path, image_size=5)
    assert examples.class_names == ["cat", "dog"]
    assert examples.ids == [
        "cat/a.png", "cat/deep/er.png", "dog/b.jpg", "dog/noname",
    ]  # fmt: skip
    assert examples.labels.tolist() == [0, 0, 1, 1]
    assert examples.images.shape == (4, 5, 5, 3)
    np.testing.assert_array_equal(examples.images[0, 0, 0], [255, 0, 0])
    assert examples.official is None
    expected = {wrapper + name: why for name, why in SKIPPED.items()}
    assert dict(examples.skipped) == expected


def test_grey_pictures_keep_one_channel(tmp_path):
    path = write(tmp_path, {"a/1.png": GREY, "b/2.png": GREY})
    assert load.load(path).images.shape == (2, 32, 32, 1)
    assert load.load(path, channels=3).images.shape == (2, 32, 32, 3)
    write(tmp_path, {"b/3.png": RED})
    assert load.load(path).images.shape == (3, 32, 32, 3)
    assert load.load(path, channels=1).images.shape == (3, 32, 32, 1)


def test_official_splits(tmp_path):
    files = {
        f"{split}/{name}/{i}.png": RED
        for split, count in (("train", 3), ("Valid", 2), ("test", 1))
        for name in ("no", "yes")
        for i in range(count)
    }
    examples = load.load(write(tmp_path / "x", files))
    assert examples.class_names == ["no", "yes"]
    rows = {
        split: [examples.ids[i] for i in indices]
        for split, indices in examples.official.items()
    }
    assert {k: len(v) for k, v in rows.items()} == {
        "dev": 4, "test": 2, "train": 6,
    }  # fmt: skip
    assert all(i.startswith("Valid/") for i in rows["dev"])
    files["test/maybe/0.png"] = RED
    with pytest.raises(errors.UserError, match="'maybe' of test has no exam"):
        load.load(write(tmp_path / "y", files))


def test_classes_named_like_splits_are_classes(tmp_path):
    path = write(tmp_path, {"train/1.png": RED, "bus/1.png": BLUE})
    examples = load.load(path)
    assert examples.class_names == ["bus", "train"]
    assert examples.official is None


def test_broken_pictures_are_skipped_and_named(tmp_path):
    files = {
        "a/1.png": RED,
        "a/cut.jpg": BLUE[: len(BLUE) * 2 // 3],
        "b/1.jpg": BLUE,
        "b/cut.png": RED[:40],
        "b/one.png": picture("red", size=(1, 1)),
    }
    examples = load.load(write(tmp_path / "x", files))
    assert examples.ids == ["a/1.png", "b/1.jpg", "b/one.png"]
    assert [name for name, _ in examples.skipped] == ["a/cut.jpg", "b/cut.png"]
    for _, reason in examples.skipped:
        assert "\n" not in reason
    del files["a/1.png"], files["b/1.jpg"], files["b/one.png"]
    with pytest.raises(errors.UserError, match="2 skipped.*a/cut.jpg"):
        load.load(write(tmp_path / "y", files))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no files"),
        ({"a/x.txt": b"x"}, "holds no pictures, but 1 other"),
        ({"1.png": RED, "2.png": RED}, "lie in no class folders"),
        ({"a/1.png": RED, "a/2.png": RED}, "of one class, 'a'"),
        ({"x.zip": b"PK but broken"}, "nor a whole zip archive"),
    ],
)
def test_folders_refused(tmp_path, files, message):
    with pytest.raises(errors.UserError, match=message) as caught:
        load.load(write(tmp_path, files))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../a.png", "a/../../b.png", "/a.png"])
def test_a_zip_that_leads_out_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "x.zip", {"a/1.png": RED, name: RED})
    with pytest.raises(errors.UserError, match="leads out of its folder"):
        load.load(path)


def test_a_zip_of_absurd_size_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a/1.png", "w") as member:
            member.write(RED)
        archive.filelist[0].file_size = 3 * 2**30
    with pytest.raises(errors.UserError, match="would unpack to 3 GiB"):
        load.load(str(path))


def test_a_broken_zip_member_is_skipped(tmp_path):
    path = tmp_path / "x.zip"
    noise = np.random.default_rng(0).bytes(90)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {"a/1.png": RED, "b/1.jpg": BLUE}.items():
            archive.writestr(name, data)
        archive.writestr("b/2.jpg", BLUE + noise)
    path.write_bytes(path.read_bytes().replace(noise[:9], noise[9:18]))
    examples = load.load(str(path))
    assert examples.ids == ["a/1.png", "b/1.jpg"]
    assert "b/2.jpg" in dict(examples.skipped)


def test_trashnet_as_it_lies_there():
    folder = SHARED / "trashnet"
    if not folder.is_dir():
        pytest.skip("needs the shared data")
    examples = load.load(str(folder), image_size=16)
    assert len(examples.labels) == 2007
    assert np.bincount(examples.labels).tolist() == [
        320,
        401,
        320,
        474,
        382,
        110,
    ]
    keys = split_choice.group_keys(examples.ids, r"([a-z]+\d*?)\d\.jpg")
    for name, key in zip(examples.ids, keys, strict=True):
        number = int("".join(filter(str.isdigit, name)))
        assert key == name.split("/")[0] + str(number // 10 or "")
    chosen = split_choice.choose(examples.ids, examples.labels, groups=keys)
    owners = [{keys[i] for i in v} for v in chosen.values()]
    assert not owners[0] & owners[1] | owners[0] & owners[2]
    assert not owners[1] & owners[2]
    assert abs(len(chosen["train"]) - 1204) <= 12


SIDES = {
    f"{side}/{name}/{i}.png": RED
    for side in ("train", "test")
    for name in ("cat", "dog")
    for i in range(2)
}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            SIDES | {"unlabelled/1.png": RED},
            "'unlabelled' is no split, but lies beside 'test'",
        ),
        (
            {name.replace("/", "ing_set/", 1): RED for name in SIDES},
            "'testing_set' and the folders beside it all hold 'cat' and 'dog'",
        ),
        (
            {name.replace("train/", "fold1/"): RED for name in SIDES},
            "'fold1' is no split, but lies beside 'test'",
        ),
        (
            {"train/1.png": RED, "dev/1.png": RED, "dev/2.png": RED},
            "'dev' and 'train' hold pictures and no class folders",
        ),
        (
            {name.replace("train/", "val/"): RED for name in SIDES},
            "'test' is a split, but there is no train",
        ),
    ],
)
def test_parts_of_the_data_are_no_classes(tmp_path, files, message):
    path = write(tmp_path / "x", files)
    with pytest.raises(errors.UserError, match=message) as caught:
        load.load(path)
    assert path in str(caught.value) and "\n" not in str(caught.value)


def test_folders_inside_classes_stay(tmp_path):
    files = {"cat/2019/1.png": RED, "dog/2019/1.png": RED, "dog/2.png": RED}
    files |= {"train/1.png": BLUE}
    examples = load.load(write(tmp_path, files))
    assert examples.class_names == ["cat", "dog", "train"]


def test_the_folder_of_a_run_is_no_class(tmp_path):
    files = {"cat/1.png": RED, "dog/1.png": RED}
    config = b'{"task": "classify", "flags": {}}'
    files |= {"runs/a/config.json": config, "runs/a/figures/1.png": RED}
    # A file that is called so makes no run.
    files |= {"dog/config.json": b'{"labels": 2}'}
    examples = load.load(write(tmp_path, files))
    assert examples.class_names == ["cat", "dog"]
    assert ("runs/a/", "the folder of a trainer's run") in examples.skipped


def test_linked_splits_and_classes_are_read(tmp_path):
    path = write(tmp_path / "x", SIDES)
    (tmp_path / "x" / "val").symlink_to("test")
    (tmp_path / "x" / "train" / "dog" / "up").symlink_to("../..")
    examples = load.load(path)
    counts = {side: len(rows) for side, rows in examples.official.items()}
    assert counts == {"train": 4, "dev": 4, "test": 4}
    classes = tmp_path / "y"
    classes.mkdir()
    for name in ("cat", "dog"):
        (classes / name).symlink_to(tmp_path / "x" / "train" / "cat")
    assert load.load(str(classes)).class_names == ["cat", "dog"]


@pytest.mark.parametrize(
    ("name", "read"),
    [("digits", load.load), ("diabetes", tables.load)],
)
def test_a_folder_called_like_a_built_in_set(
    tmp_path, monkeypatch, capsys, name, read
):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    read(name)
    assert f"under that name is --dataset=./{name}" in capsys.readouterr().out
