"""The names, arguments and files of --augment."""

import json

import pytest

from kerasnotes import errors
from kerasnotes.data.pictures.augmentation import named


def test_names():
    assert named.build("none") is None
    light = named.build("light")
    assert light == named.Policy(shift=0.1, rotate=10, scale=0.1)
    given = named.build("light:shift=0.04,rotate=10,scale=0.05")
    assert given == named.Policy(shift=0.04, rotate=10, scale=0.05)
    strong = named.build("strong:mirror=false,mixup=0,cutmix=0")
    assert not (strong.mirror or strong.mixes) and strong.cutout


def test_a_file_says_the_same(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"shift": 0.1, "rotate": 10, "scale": 0.1}))
    assert named.build(str(path)) == named.build("light")
    plain = path.rename(tmp_path / "policy")
    assert named.build(str(plain)) == named.build("light")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ligth", "did you mean 'light'"),
        ("light:turn=3", "unknown 'turn'"),
        ("none:rotate=3", "unknown 'rotate'"),
        ("light:shift=2", "`shift` lies between 0 and 1. Received: 2"),
        ("light:fill=blue", "`fill` is one of.*Received: 'blue'"),
        ("light:scale=big", "`scale` is a number. Received: 'big'"),
        ("light:mirror=1", "`mirror` is true or false. Received: 1"),
        ("strong:ops=1.5", "`ops` is a whole number. Received: 1.5"),
        ("strong:crop=0", "`crop` lies between 0.01 and 1. Received: 0"),
        ("no/such.json", "--augment=no/such.json: can't be read: No such"),
    ],
)
def test_flags_refused(text, message):
    with pytest.raises(errors.UserError, match=message):
        named.build(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[1]", "holds no object"),
        ('{"rotat": 3}', "unknown 'rotat'; did you mean 'rotate'"),
        ('{"rotate": 300}', "`rotate` lies between 0 and 180. Received: 300"),
        ('{"hue": null}', "`hue` is a number. Received: None"),
        ('{"rotate": NaN}', "`rotate` is a number. Received: nan"),
        ("[" * 10**5, "no JSON: maximum recursion depth"),
    ],
)
def test_files_refused(text, message, tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(text)
    with pytest.raises(errors.UserError, match=message) as caught:
        named.build(str(path))
    assert str(path) in str(caught.value)
