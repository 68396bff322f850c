"""Imports run one way, and what must be light is light."""

import ast
import dataclasses
import graphlib
import re
import subprocess
import sys

import pytest

from kerasnotes import catalog, tasks
from kerasnotes.training.run import config
from tests.support.paths import ROOT

COMPONENTS = {"ops", "layers", "losses", "metrics", "decoding", "models"}
# What each package may import of ours, beside itself and the base.
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
    "data": {"ops"},
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
    "choices",
    "errors",
    "files",
    "keras_private",
    "flag_paths",
    "specs",
    "splits",
}
# What a medium of data may import beside `common`; transcripts are texts.
OF_OTHER_MEDIA = {"sounds": ("kerasnotes.data.texts.vocabulary",)}
TENSORFLOW = {"data", "training", "tasks", "tools"}
# Gradients outside fit are TensorFlow's, and its kernel of suppression is ten
# times as fast as steps.
TENSORFLOW_FILES = {
    "kerasnotes/diagnosis/float64.py",
    "kerasnotes/diagnosis/gradient_check.py",
    "kerasnotes/ops/tensorflow_suppression.py",
}

# What knows no task and no model.
KNOWS_NO_TASK = ("kerasnotes/diagnosis", "kerasnotes/training")
# Words that are other things there: the split `train_dev`, what is to blame
# for a translation, bins of one width, the split that a tool looks at, what
# a layer gives, and a column of metrics.json.
OTHER_WORDS = {
    "blame.py": {'"beam"', '"model"', "'beam'", "'model'"},
    "calibration.py": {'"width"'},
    "components.py": {'"train_dev"'},
    "folding.py": {'"activation"'},
    "monitors.py": {'"activation"', "'activation'"},
    "remedies.py": {"--split"},
    "runner.py": {"--split"},
    "supervised.py": {'"model"'},
    "tables.py": {'"train_dev"'},
    "verdicts.py": {'"train_dev"'},
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
    """Yield the dotted name of each import in the file."""
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


@pytest.mark.parametrize("name", sorted(COMPONENTS | {"optimizers"}))
def test_components_know_no_flag(name):
    """They name arguments, of which `errors.as_flags` makes flags."""
    for path in sorted((ROOT / "kerasnotes" / name).rglob("*.py")):
        assert not re.findall(r"[\"' `(]--[a-z]\w+", path.read_text()), path


@pytest.mark.parametrize(
    "path", sorted((ROOT / "kerasnotes").glob("*.py")), ids=lambda p: p.name
)
def test_the_base_stands_on_itself(path):
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "kerasnotes" and len(parts) > 1:
            assert parts[1] in BASE, f"{path} imports {name}"


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "kerasnotes/data").glob("*/**/*.py")),
    ids=lambda p: p.name,
)
def test_a_medium_imports_no_other_medium(path):
    medium = path.relative_to(ROOT / "kerasnotes/data").parts[0]
    own = tuple(
        f"kerasnotes.data.{name}." for name in {medium, "common"}
    ) + OF_OTHER_MEDIA.get(medium, ())
    for name in imported(path):
        if name.startswith("kerasnotes.data"):
            assert f"{name}.".startswith(own), f"{path} imports {name}"


def modules():
    """Return a dictionary of each module's name to its file."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in (ROOT / "kerasnotes").rglob("*.py")
    }


def at_the_top(body):
    """Yield the imports that importing a module makes, lazy ones too."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{a.name}" for a in node.names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from at_the_top(node.body)


def test_no_imports_run_in_a_circle():
    known, graph = modules(), {}
    for module, path in known.items():
        names = at_the_top(ast.parse(path.read_text()).body)
        # An imported name may be a module, or stand in one.
        parts = {n if n in known else n.rpartition(".")[0] for n in names}
        graph[module] = (parts & set(known)) - {module}
    assert len(graph) > 200
    # It raises a CycleError that names the circle.
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) > 200


def names_of_tasks(text):
    """Return the tasks' own flags and the models that a text names.

    Flags are `--name` or in quotes, models in quotes or a flag's value.
    """
    shared = {field.name for field in dataclasses.fields(config.FitConfig)}
    configs = [tasks.get(name).Config for name in tasks.names()]
    flags = {f.name for c in configs for f in dataclasses.fields(c)} - shared
    flags, named = "|".join(flags), "|".join(catalog.names())
    pattern = rf"--(?:{flags})\b|([\"'])(?:{flags}|{named})\1|=(?:{named})\b"
    return {match[0] for match in re.finditer(pattern, text)}


def test_names_of_tasks_are_seen():
    text = """flags.get("augment") or '--hidden=5' or "--model=lenet5" """
    assert names_of_tasks(text) == {
        *('"augment"', "--hidden", "--model", "=lenet5"),
    }
    assert not names_of_tasks("--epochs=5, the model's width, attention")


@pytest.mark.parametrize(
    "path",
    [
        path
        for top in KNOWS_NO_TASK
        for path in sorted((ROOT / top).rglob("*.py"))
    ],
    ids=lambda p: str(p.name),
)
def test_no_flag_of_a_task_and_no_model(path):
    """Remedies in such terms belong to `tasks/*/remedies.py`."""
    names = names_of_tasks(path.read_text()) - OTHER_WORDS.get(path.name, set())
    assert not names, (
        f"{path}: {names} are flags of a task, or models; the engine knows "
        "none: give a flag that is a word of the engine another name"
    )


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


def assigned(tree):
    """Yield the attributes assigned to, as `(name of the object, line)`."""
    for node in ast.walk(tree):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        for target in targets if isinstance(node, ast.stmt) else ():
            owner = getattr(target, "value", None)
            if isinstance(target, ast.Attribute) and isinstance(
                owner, ast.Name
            ):
                yield owner.id, target.lineno


def methods_of_tasks(tree):
    """Yield the methods, but for constructors, of classes that are tasks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = " ".join(ast.unparse(base) for base in node.bases)
            if "Task" in bases or node.name.endswith("Task"):
                for method in node.body:
                    named = getattr(method, "name", "__init__")
                    if named != "__init__":
                        yield method


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.name))
def test_nobody_assigns_to_a_task(path):
    """What is learned is handed on, never kept in the task."""
    tree = ast.parse(path.read_text())
    places = [line for name, line in assigned(tree) if name == "task"]
    for method in methods_of_tasks(tree):
        places += [line for name, line in assigned(method) if name == "self"]
    assert not places, f"{path}: lines {places}"


def test_assignments_to_tasks_are_seen():
    tree = ast.parse(
        "class A(task_lib.Task):\n"
        "    def __init__(self, config):\n"
        "        self.config = config\n"
        "    def data(self, facts=None):\n"
        "        self.facts = facts\n"
        "def f(task):\n"
        "    task.config: int = 3\n"
        "    task.facts += 1\n"
    )
    assert [line for name, line in assigned(tree) if name == "task"] == [7, 8]
    (method,) = methods_of_tasks(tree)
    assert list(assigned(method)) == [("self", 5)]
