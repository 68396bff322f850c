import pytest

from kerasnotes import errors
from kerasnotes.diagnosis import human_level


def read(text):
    found = human_level.levels("--human_error", text)
    return {name: level.error for name, level in found.items()}


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("0.01", {"human": 0.01}),
        (0.075, {"human": 0.075}),
        (" 7.5 % ", {"human": 0.075}),
        ("doctor=1%", {"doctor": 0.01}),
        (
            "typical=3%, old doctor = 0.7 %,team=0.005",
            {"typical": 0.03, "old doctor": 0.007, "team": 0.005},
        ),
    ],
)
def test_levels(text, levels):
    assert read(text) == levels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1%,2%", "several levels have a name each"),
        ("a=1%,2%", "several levels have a name each"),
        ("a=1%,a=2%", "several levels have a name each"),
        ("=1%", "several levels have a name each"),
        ("3", "a share from 0 to 1.*Received: '3'"),
        ("101%", "a share from 0 to 1"),
        ("a=-1%", "Received: '-1%'"),
        ("nan", "Received: 'nan'"),
        ("1%x", "Received: '1%x'"),
        ("", "Received: ''"),
    ],
)
def test_what_is_no_level_is_refused(text, told):
    with pytest.raises(errors.UserError, match=f"--human_error=.*{told}"):
        read(text)
