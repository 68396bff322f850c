"""These tests hold on the other backends too."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_other_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    names = (
        *("anchors", "boundaries", "box_regression", "boxes", "localization"),
        *("pasting", "region_targets", "regions", "suppression"),
        *("transposed_convolution", "yolo"),
    )
    files = [HERE / f"test_{name}.py" for name in names]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *files],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout
