"""What the flags of detection take and refuse, in one line."""

import pytest

from kerasnotes import errors
from kerasnotes.tasks.detect import config


def checked(**flags):
    flags = config.Config(**flags)
    flags.check()
    return flags


def test_strides_and_anchors():
    assert checked(strides="32, 8,16").grid_strides() == (8, 16, 32)
    assert checked(anchors="9").anchor_sizes() == 9
    by_hand = checked(anchors="10x13, 16×30.5", strides="8").anchor_sizes()
    assert by_hand == [(10, 13), (16, 30.5)]


def test_thresholds():
    assert checked(threshold="0.6").fixed_threshold() == 0.6
    for text, precision in (("auto", None), ("precision=0.9", 0.9)):
        flags = checked(threshold=text)
        assert flags.fixed_threshold() is None
        assert flags.precision_asked() == precision


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"strides": "8,8"}, "--strides=8,8: give positive numbers"),
        ({"strides": "0,8"}, "--strides=0,8: give positive numbers"),
        ({"strides": "8,x"}, "--strides=8,x: "),
        ({"anchors": "10*13"}, "--anchors=10[*]13: give their number, or"),
        ({"anchors": "10x0"}, "--anchors=10x0: give their number, or"),
        ({"anchors": ""}, "--anchors=: give their number, or"),
        (
            {"anchors": "10x13", "strides": "8,16"},
            "--anchors=10x13: give 2 to 100, .*=8,16",
        ),
        ({"anchors": "0"}, "--anchors=0: give 1 to 100"),
        ({"anchors": "101"}, "--anchors=101: give 1 to 100"),
        ({"threshold": "1"}, "--threshold=1: give a score between 0 and 1"),
        ({"threshold": "nan"}, "--threshold=nan: give a score"),
        ({"threshold": "precision=2"}, "--threshold=precision=2: give a"),
        ({"threshold": "recall=0.9"}, "--threshold=recall=0.9: give a"),
        ({"iou_threshold": 0.0}, "--iou_threshold: must be from 0.001"),
    ],
)
def test_what_it_refuses(flags, message):
    with pytest.raises(errors.UserError, match=message) as caught:
        checked(**flags)
    assert "\n" not in str(caught.value)
