"""Imports run one way, and what must be light is light."""

import ast
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

COMPONENTS = {"ops", "layers", "losses", "metrics", "decoding", "models"}
# What each package may import of ours; `errors`, `specs` and `files` are
# everybody's.
ALLOWED = {
    "ops": set(),
    "layers": {"ops"},
    "losses": {"ops", "layers"},
    "metrics": {"ops"},
    "decoding": {"ops", "layers"},
    "models": COMPONENTS | {"optimizers"},
    "optimizers": set(),
    "testing": set(),
    "plots": set(),
    "diagnosis": {"ops", "metrics"},
    "data": {"ops", "diagnosis"},
    "training": {"plots", "diagnosis", "optimizers"},
    "tasks": COMPONENTS
    | {"optimizers", "plots", "diagnosis", "data", "training"},
    "tools": {"models", "tasks", "training", "plots", "diagnosis", "data"},
    "trainers": {"tasks", "tools", "training"},
}
BASE = {
    "__version__",
    "archives",
    "catalog",
    "errors",
    "files",
    "keras_private",
    "specs",
    "splits",
}
TENSORFLOW = {"data", "training", "tasks", "tools"}
# Gradients outside fit are TensorFlow's.
TENSORFLOW_FILES = {
    "kerasnotes/diagnosis/float64.py",
    "kerasnotes/diagnosis/gradient_check.py",
}


def sources():
    for top in ("kerasnotes", "trainers"):
        yield from sorted((ROOT / top).rglob("*.py"))


def package(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "trainers":
        return "trainers"
    return parts[1] if len(parts) > 2 else None


def imported(path):
    """Yields the dotted name of each import in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{a.name}" for a in node.names)


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.name))
def test_imports_run_one_way(path):
    here = package(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "trainers":
            pytest.fail(f"{path} imports a trainer")
        if parts[0] == "kerasnotes" and len(parts) > 1 and here:
            allowed = ALLOWED[here] | {here} | BASE
            assert parts[1] in allowed, f"{path} imports {name}"
        if parts[0] == "tensorflow":
            named = str(path.relative_to(ROOT))
            assert here in TENSORFLOW or named in TENSORFLOW_FILES, path


def test_files_can_be_read_in_one_sitting():
    long = {
        str(p): n
        for p in sources()
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert not long


@pytest.mark.parametrize(
    "code",
    [
        "import kerasnotes",
        "import kerasnotes.catalog; kerasnotes.catalog.names()",
        "import trainers.classify",
    ],
)
def test_light_imports(code):
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'sklearn', 'numpy'}"
    code += f"; import sys; assert not {heavy} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
