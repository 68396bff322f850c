"""Synthetic training sets."""

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets

from kerasnotes import errors
from kerasnotes.data.common import split_choice
from kerasnotes.data.pictures import load
from kerasnotes.data.pictures.readers import composed
from kerasnotes.data.pictures.readers import tfds as tfds_pictures

RNG = np.random.default_rng(0)


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return str(tmp_path_factory.mktemp("tfds"))


@pytest.fixture
def folders(tmp_path):
    """Red and green discs on nothing, and blue backgrounds."""
    y, x = np.mgrid[:20, :30]
    disc = (x - 12) ** 2 + (y - 9) ** 2 <= 36
    for name, colour in (("red", (255, 0, 0)), ("green", (0, 255, 0))):
        for i in range(2):
            layer = np.zeros([20, 30, 4])
            layer[disc] = (*colour, 255)
            save(tmp_path / "front" / name / f"{i}.png", layer)
    for shade in (50, 100, 150):
        blue = np.full([40, 60, 3], (0, 0, shade))
        save(tmp_path / "back" / "deep" / f"{shade}.png", blue)
    return tmp_path


def compose(folders, more=""):
    return load.load(
        f"composed:foregrounds={folders}/front,backgrounds={folders}/back,"
        f"count=10{more}"
    )


def test_cut_outs_on_backgrounds(folders):
    read = compose(folders, ",scale=0.4-0.8")
    assert read.images.shape == (10, 32, 32, 3) and read.synthetic
    assert read.class_names == ["green", "red"] and read.official is None
    assert np.bincount(read.labels).tolist() == [5, 5]
    assert sorted(read.ids[:4]) == [
        f"front/{name}/{i}.png/0000"
        for name in ("green", "red")
        for i in (0, 1)
    ]
    assert len(set(read.ids)) == 10
    for picture, label in zip(
        read.images.astype(int), read.labels, strict=True
    ):
        ink = picture[..., 1 - label]
        assert ink.max() == 255 and picture[..., label].max() == 0
        shades = picture[..., 2]
        assert shades.max() in (50, 100, 150)
        np.testing.assert_allclose(
            shades, (1 - ink / 255) * shades.max(), atol=1
        )
        # The disc fills its frame: transparent borders don't count.
        area = np.pi / 4 * 32**2
        assert 0.4**2 * area * 0.8 < (ink / 255).sum() < 0.8**2 * area * 1.2


def test_one_background_for_all_is_warned_of(folders, recwarn):
    compose(folders)
    assert not [w for w in recwarn if "background" in str(w.message)]
    for shade in (100, 150):
        path = folders / "back" / "deep"
        (path / f"{shade}.png").write_bytes((path / "50.png").read_bytes())
    with pytest.warns(UserWarning, match="one background serves all"):
        compose(folders)


def test_the_same_arguments_give_the_same_set(folders):
    spec = f"composed:foregrounds={folders}/front,backgrounds=noise,count=10"
    one, same, other = (
        load.load(spec + more) for more in ("", ",seed=0", ",seed=1")
    )
    np.testing.assert_array_equal(one.images, same.images)
    assert one.ids == same.ids and one.images.shape == (10, 32, 32, 3)
    assert not np.array_equal(one.images, other.images)


def test_grey_pictures_are_ink_as_bright_as_opaque(tmp_path):
    for name, level in (("a", 255), ("b", 128)):
        save(tmp_path / "front" / name / "1.png", np.full([8, 8], level))
    save(tmp_path / "back" / "1.png", np.full([8, 8], 100))
    read = compose(tmp_path, ",scale=1,rotate=0")
    assert read.images.shape[-1] == 1
    middles = read.images[:, 16, 16, 0]
    assert set(middles[read.labels == 0]) == {255}
    assert set(middles[read.labels == 1]) == {178}  # 100 + 155 · 128 / 255
    colour = load.load(
        f"composed:foregrounds={tmp_path}/front,backgrounds=noise,count=4",
        channels=3,
        image_size=(20, 40),
    )
    assert colour.images.shape == (4, 20, 40, 3)
    assert np.ptp(colour.images, axis=-1).max() > 20


def test_colours_without_alpha_are_opaque(tmp_path):
    for name in "ab":
        save(tmp_path / name / "1.png", np.full([8, 8, 3], 9))
    read = load.load(
        f"composed:foregrounds={tmp_path},backgrounds=noise,count=2,scale=1,"
        "rotate=0"
    )
    assert (read.images[:, 2:-2, 2:-2] == 9).all()


@pytest.mark.parametrize("texture", ["noise", "gradient"])
def test_digits(texture, data_dir):
    spec = f"composed:foregrounds=digits,backgrounds={texture},count=1500"
    read = load.load(spec, data_dir=data_dir)
    assert read.images.shape == (1500, 32, 32, 1)
    assert read.class_names == list("0123456789")
    digits = datasets.load_digits()
    rows = [int(name.split("/")[1]) for name in read.ids]
    np.testing.assert_array_equal(read.labels, digits.target[rows])
    times = np.bincount(rows)
    assert (times > 0).sum() == 1079 and times.max() == 2
    # White ink, and backgrounds up to 60 %.
    assert np.median(read.images.max((1, 2, 3))) > 230
    edges = np.concatenate([read.images[:, 0], read.images[:, -1]], 1)
    assert np.quantile(edges, 0.98) <= 0.6 * 255 < 155


def test_foregrounds_can_be_kept_off_other_sides(data_dir):
    spec = "composed:foregrounds=digits,backgrounds=noise,count=1500"
    read = load.load(spec, data_dir=data_dir)
    groups = split_choice.group_keys(read.ids, "(.*)/")
    assert len(set(groups)) == 1079
    digits = tfds_pictures.read_digits(data_dir)
    rows = composed.unused(digits, read)
    assert not {digits.ids[i] for i in rows} & set(groups)
    assert len(rows) == 1797 - 1079
    # Dev and test of `digits` as the target's set keep their shares.
    for part in split_choice.of_target(digits.ids, digits.labels).values():
        assert 0.35 < np.isin(part, rows).mean() < 0.45


def test_what_is_no_picture_is_skipped(folders):
    front = folders / "front"
    (front / "notes.txt").write_text("no picture")
    save(front / "loose.png", np.ones([4, 4]))
    save(front / "red" / "clear.png", np.zeros([4, 4, 4]))
    whole = (front / "red" / "0.png").read_bytes()
    (front / "red" / "broken.png").write_bytes(whole[:60])
    (folders / "back" / "broken.png").write_bytes(whole[:60])
    read = compose(folders)
    reasons = dict(read.skipped)
    assert reasons["notes.txt"] == "no picture"
    assert reasons["loose.png"] == "in no class folder"
    assert reasons["red/clear.png"] == "nothing in it is opaque"
    assert {"red/broken.png", "broken.png"} < set(reasons)
    assert len({name.split("/0")[0] for name in read.ids}) <= 4


def refused(spec, message):
    with pytest.raises(errors.UserError, match=message) as caught:
        load.load(spec)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("--dataset")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("composed", "foregrounds is missing; write"),
        ("composed:foregrounds=digits", "backgrounds is missing"),
        ("composed:foreground=digits", "unknown 'foreground'; did you mean"),
        ("composed:digits", "arguments are key=value"),
        ("composed:foregrounds=no/such,backgrounds=noise", "no/such"),
    ],
)
def test_specs_refused(spec, message):
    refused(spec, message)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("count=0", "count is a whole number from 1 to 10000000. Received: 0"),
        ("count=many", "count.*Received: 'many'"),
        ("count=1.5", "count.*Received: 1.5"),
        ("seed=-1", "seed is a whole number from 0 to"),
        ("scale=big", "composed:.*scale=big: .* float: 'big'"),
        ("scale=0.9-0.5", "`scale` is two shares"),
        ("rotate=999", "`rotate` lies between 0 and 180. Received: 999"),
        ("rotate=much", "rotate=much: .* float: 'much'"),
        ("size=3", "unknown 'size'"),
    ],
)
def test_arguments_refused(more, message):
    refused(f"composed:foregrounds=digits,backgrounds=noise,{more}", message)


def test_folders_refused(folders):
    (folders / "empty").mkdir()
    (folders / "text").mkdir()
    (folders / "text" / "a.txt").write_text("no picture")
    front, back = f"{folders}/front", f"{folders}/back"
    for fore, ground, message in (
        (front, folders / "empty", "holds no files"),
        (front, folders / "text", "holds no pictures; .*a.txt: no picture"),
        (folders / "text", back, "holds no pictures in class folders"),
        (f"{front}/red", back, "0.png: in no class folder"),
        (folders / "back", back, "one class, 'deep'"),
    ):
        refused(f"composed:foregrounds={fore},backgrounds={ground}", message)
