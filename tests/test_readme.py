"""What the README says is so."""

import doctest
import json
import operator
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from absl import flags as absl_flags

import kerasnotes
from benchmarks import scores
from kerasnotes import tasks
from kerasnotes.tools.analyze import program as analyze
from kerasnotes.tools.tune import program as tune
from kerasnotes.tools.visualize import program as visualize
from kerasnotes.training.run import flags
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()
CONFIGS = {name: tasks.get(name).Config for name in tasks.names()} | {
    "analyze": analyze.Options,
    "tune": tune.Config,
    "visualize": visualize.Options,
}


def test_examples_run():
    parser = doctest.DocTestParser()
    test = parser.get_doctest(README, {}, "README", "README.md", 0)
    assert test.examples
    found = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert not found.failed


def test_the_table_is_what_was_measured():
    rows = json.loads(scores.SCORES.read_text())
    assert [r["system"] for r in rows] == [e[0] for e in scores.ENTRIES]
    for row, entry in zip(rows, scores.ENTRIES, strict=True):
        assert (row["trainer"], row["flags"]) == entry[2:4]
    assert scores.table(rows) in README
    for row in rows:
        assert operator.attrgetter(row["api"])(kerasnotes)


def test_commands_have_flags_that_exist():
    commands = re.findall(r"python -m trainers\.(\w+)([^\n`]*)", README)
    assert len(commands) > 10
    for program, words in commands:
        words = shlex.split(words.split(" (")[0])
        own, _, rest = " ".join(map(shlex.quote, words)).partition(" -- ")
        check(program, own)
        if rest:
            check("classify", rest)


@pytest.mark.parametrize("which", ["logical cpus", "two workers"])
def test_scaling_commands_run(which, tmp_path):
    block = rf"<!-- scaling command: {which} -->\n```bash\n(.*?)```"
    (command,) = re.findall(block, README, re.DOTALL)
    settings = {
        # `python` is the one that runs this.
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TFDS_DATA_DIR": str(tmp_path / "data"),
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert not done.returncode, done.stdout + done.stderr
    assert len(list(tmp_path.glob("runs/*/report.html"))) == 1


def check(program, words):
    """Parses a trainer's command line."""
    words, values = shlex.split(words), absl_flags.FlagValues()
    flags.define(CONFIGS[program], values)
    if "--help" not in words:
        flags.parse(CONFIGS[program], ["prog", *words], values)


def test_flags_named_in_tables_exist():
    named = set(re.findall(r"`--(\w+)", README))
    known = {
        field
        for config in CONFIGS.values()
        for field in config.__dataclass_fields__
    }
    assert named <= known, named - known
