"""What README.md and the documents say is so."""

import doctest
import functools
import importlib
import importlib.util
import json
import operator
import os
import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from absl import flags as absl_flags
from PIL import Image

import kerasnotes
from benchmarks import scores
from kerasnotes import tasks
from kerasnotes.tools.analyze import program as analyze
from kerasnotes.tools.tune import program as tune
from kerasnotes.tools.visualize import program as visualize
from kerasnotes.training.run import flags
from tests.support.paths import ROOT

README = ROOT / "README.md"
GUIDES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *GUIDES]
CONFIGS = {name: tasks.get(name).Config for name in tasks.names()} | {
    "analyze": analyze.Options,
    "tune": tune.Config,
    "visualize": visualize.Options,
}
# A path in the repository, as a document writes it.
_OURS = r"(?:^|\s)((?:benchmarks|docs|kerasnotes|tests|trainers)/[\w/.]+)"
each_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix()
)
read = functools.cache(pathlib.Path.read_text)


def prose(path):
    """Return a document without its blocks of code."""
    return re.sub("```.*?```", "", read(path), flags=re.DOTALL)


def code_spans(path):
    """Return what a document's sentences and tables write as code."""
    spans = re.findall("`([^`]+)`", prose(path))
    # A command that is to be copied stands on one line.
    assert not any("\n" in words for words in spans), path
    return spans


@each_document
def test_examples_run(path):
    parser = doctest.DocTestParser()
    test = parser.get_doctest(read(path), {}, path.stem, str(path), 0)
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert not results.failed


def test_there_are_examples_to_run():
    assert ">>>" in read(README)
    assert ">>>" in read(ROOT / "docs" / "library.md")


@each_document
def test_programs_run(path, tmp_path, monkeypatch):
    programs = re.findall(r"```python\n((?!>>>).*?)```", read(path), re.DOTALL)
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    Image.fromarray(np.zeros([8, 8], "uint8")).save(tmp_path / "three.png")
    monkeypatch.chdir(tmp_path)
    for program in programs:
        exec(compile(program, str(path), "exec"), {})


def test_the_tables_are_what_was_measured():
    rows = json.loads(scores.SCORES.read_text())
    assert [r["system"] for r in rows] == [e[0] for e in scores.ENTRIES]
    for row, entry in zip(rows, scores.ENTRIES, strict=True):
        assert (row["trainer"], row["flags"]) == entry[2:4]
    assert scores.systems_table(rows) in read(ROOT / scores.SYSTEMS)
    assert scores.tasks_table(rows) in read(ROOT / scores.TASKS)
    for row in rows:
        assert operator.attrgetter(row["api"])(kerasnotes)


def test_every_trainer_has_its_row_and_its_guide():
    trainers = {p.stem for p in (ROOT / "trainers").glob("[!_]*.py")}
    assert trainers == set(CONFIGS)
    for name in trainers:
        assert f"](docs/{name}.md)" in read(README)
        assert f"python -m trainers.{name}" in read(ROOT / f"docs/{name}.md")
    for name in tasks.names():
        assert f"| `python -m trainers.{name}` |" in read(README)


@each_document
def test_commands_have_flags_that_exist(path):
    text = read(path).replace("\\|", "|")
    for program, words in re.findall(
        r"python -m trainers\.(\w+)([^\n`]*)", text
    ):
        words = shlex.split(words.split(" (")[0])
        before, _, after = " ".join(map(shlex.quote, words)).partition(" -- ")
        check(program, before)
        if after:
            check("classify", after)


def check(program, words):
    """Parse a trainer's command line."""
    words, values = shlex.split(words), absl_flags.FlagValues()
    flags.define(CONFIGS[program], values)
    if "--help" not in words:
        flags.parse(CONFIGS[program], ["prog", *words], values)


@each_document
def test_flags_named_exist(path):
    fields = {
        field
        for config in CONFIGS.values()
        for field in config.__dataclass_fields__
    }
    named = {
        flag
        for words in code_spans(path)
        if words.startswith("--")
        for flag in re.findall(r"(?:^|\s)--(\w+)", words)
    }
    assert named <= fields | {"help"}, named - fields


@each_document
def test_modules_and_paths_named_exist(path):
    for words in code_spans(path):
        for module in re.findall(r"python -m (benchmarks\.\w+)", words):
            assert importlib.util.find_spec(module), module
        if re.fullmatch(r"kerasnotes(\.\w+)+", words):
            assert exists(words), words
        for file in re.findall(_OURS, words):
            assert (ROOT / file).exists(), file


def exists(name):
    """Return whether a dotted name is a module, or what is in one."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return hasattr(importlib.import_module(module), attribute)


@each_document
def test_links_resolve(path):
    text = prose(path)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    for link in links + re.findall('src="([^"]+)"', text):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(path):
    """Return the anchors that a document's headings have on GitHub."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall("^#+ (.*)$", prose(path), re.MULTILINE)
    }


def test_every_document_can_be_reached():
    reached, following = set(), [README]
    while following:
        path = following.pop()
        if path in reached:
            continue
        reached.add(path)
        following += [
            (path.parent / name).resolve()
            for name in re.findall(r"\]\(([\w/.]+\.md)", read(path))
        ]
    assert reached == set(DOCUMENTS)


def test_the_readme_is_short():
    assert len(README.read_bytes()) <= 8 * 1024


def test_pictures_are_small():
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert len(pictures) >= 3
    text = "".join(map(read, DOCUMENTS))
    for picture in pictures:
        assert picture.stat().st_size < 200 * 1024
        assert f"pictures/{picture.name}" in text
        with Image.open(picture) as image:
            assert image.format == "PNG"


def scaling_command(which):
    block = rf"<!-- scaling command: {which} -->\n```bash\n(.*?)```"
    (command,) = re.findall(block, read(ROOT / "docs" / "scale.md"), re.DOTALL)
    return command


def bash(command, folder, **settings):
    """Run a command as from a terminal in a folder."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert not done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("which", "workers"), [("logical cpus", [None]), ("two workers", [0, 1])]
)
def test_scaling_commands_name_what_exists(which, workers, tmp_path):
    """Another `python` writes down what it is asked for."""
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/bash\nprintf "%s\\n" "$TF_CONFIG" "$@" > call-$$\n'
    )
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    bash(scaling_command(which), tmp_path, PATH=path, TF_CONFIG="")
    indices = []
    for call in tmp_path.glob("call-*"):
        text = call.read_text()
        config, _, words = text.partition("\n-m\n")
        program, *words = words.split()
        check(program.removeprefix("trainers."), shlex.join(words))
        config = json.loads(config or "{}")
        indices.append(config.get("task", {}).get("index"))
        workers_named = len(config.get("cluster", {}).get("worker", [None]))
        assert workers_named == len(workers)
    assert sorted(indices, key=str) == workers


# That two workers, and two logical CPUs, learn what one process does, others
# test on runs that are cheaper.
@pytest.mark.slow
@pytest.mark.parametrize("which", ["logical cpus", "two workers"])
def test_scaling_commands_run(which, tmp_path):
    settings = {
        # `python` is the one that runs this.
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TFDS_DATA_DIR": str(tmp_path / "data"),
    }
    bash(scaling_command(which), tmp_path, **settings)
    assert len(list(tmp_path.glob("runs/*/report.html"))) == 1
