"""Two replicas make the step of one device."""

from tests.support import forks
from tests.support.paths import ROOT


def test_two_replicas():
    output = forks.run(ROOT / "tests/support/programs/losses_on_replicas.py")
    rows = [line.split() for line in output.splitlines()]
    assert [name for name, _, _ in rows] == [
        *("squared_error", "ciou", "yolo", "segmentation"),
        *("proposals", "regions"),
    ]
    for _, difference, step in rows:
        assert float(difference) < 1e-9 and float(step) > 1e-4, rows
