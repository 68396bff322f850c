"""What the README says is so."""

import doctest
import json
import pathlib
import re
import shlex

from absl import flags as absl_flags

from benchmarks import scores
from kerasnotes import models
from kerasnotes.tasks import classify, regress
from kerasnotes.training import flags

README = (pathlib.Path(__file__).resolve().parents[1] / "README.md").read_text()
TASKS = {"classify": classify.Classify, "regress": regress.Regress}


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
        assert hasattr(models, row["api"].removeprefix("models."))


def test_commands_have_flags_that_exist():
    commands = re.findall(r"python -m trainers\.(\w+)([^\n`]*)", README)
    assert len(commands) > 10
    for task, words in commands:
        values = absl_flags.FlagValues()
        flags.define(TASKS[task].Config, values)
        words = shlex.split(words.split(" (")[0])
        if "--help" not in words:
            flags.parse(TASKS[task].Config, ["prog", *words], values)


def test_flags_named_in_tables_exist():
    named = set(re.findall(r"`--(\w+)", README))
    known = {
        field
        for task in TASKS.values()
        for field in task.Config.__dataclass_fields__
    }
    assert named <= known, named - known
