"""What holds for all tests."""

import gc
import os

import pytest
from etils.epy import lazy_imports_utils

# It compiles a kernel for each shape, which tiny ones never pay back. Read
# where TensorFlow is imported, here and in the processes that tests begin.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def pytest_collection_finish():
    """Lets the garbage collector pass over what imports have made.

    It stays, and the collector would look through it some thousand times.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def monkeypatch(monkeypatch):
    """pytest's, which refuses a module in the guise of a lazy import.

    That has nothing in its own `__dict__`, so that pytest would undo by
    deleting, and take the attribute from the module for all later tests.
    """
    setattr_ = monkeypatch.setattr

    def checked(target, *words, **options):
        assert not isinstance(target, lazy_imports_utils.LazyModule), (
            f"import {target.module_name} itself to patch it"
        )
        setattr_(target, *words, **options)

    monkeypatch.setattr = checked
    return monkeypatch
