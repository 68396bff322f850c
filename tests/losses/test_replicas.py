"""Two replicas make the step of one device."""

import subprocess
import sys

from tests.support.paths import ROOT


def test_two_replicas():
    program = ROOT / "tests/support/programs/losses_on_replicas.py"
    found = subprocess.run(
        [sys.executable, program],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert not found.returncode, found.stderr
    rows = [line.split() for line in found.stdout.splitlines()]
    assert [name for name, _, _ in rows] == ["squared_error", "ciou", "yolo"]
    for _, difference, step in rows:
        assert float(difference) < 1e-9 and float(step) > 1e-4, rows
