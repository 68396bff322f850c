"""Answers as they are printed."""

import io
import json
import sys

import pytest

from kerasnotes.training.report import tables

ANSWER = {"file": "a\x1b[2J\n.png", "text": "- né\u200d\x1b", "score": -0.5}


def test_nothing_in_a_table_steers_the_terminal(capsys):
    tables.print_answers([ANSWER], "table")
    told = capsys.readouterr().out
    assert told == "a\\x1b[2J\\n.png  - né\u200d\\x1b  -0.5000\n"


def test_an_empty_answer_is_said_to_people_and_empty_in_data(capsys):
    answer = {"source": "x", "answer": "", "score": -0.5}
    printed = {}
    for form in ("table", "csv", "json"):
        tables.print_answers([answer], form)
        printed[form] = capsys.readouterr().out
    assert printed["table"] == "x  (empty)  -0.5000\n"
    assert printed["csv"] == "source,answer,score\nx,,-0.5\n"
    assert json.loads(printed["json"]) == answer


def test_nothing_in_a_table_of_metrics_steers_the_terminal():
    text = tables.text_table(["class", "f1"], [["a\x1b[2J\n", 1.0]])
    assert text.splitlines()[1] == "a\\x1b[2J\\n  1.0000"


def test_errors_name_files_in_one_line(capsys):
    answer = {"file": "a\x1b.png", "error": "no picture"}
    assert tables.print_answers([answer], "table") == 1
    assert capsys.readouterr().err == "a\\x1b.png: no picture\n"


def test_a_spreadsheet_runs_nothing(capsys):
    tables.print_answers([{"file": "=1+1", "score": -0.5}], "csv")
    assert capsys.readouterr().out == "file,score\n'=1+1,-0.5\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_json_in_any_encoding(monkeypatch, encoding):
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding, "backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    answer = {"text": "é \U0001f600"}
    tables.print_answers([answer], "json")
    assert json.loads(buffer.getvalue().decode(encoding)) == answer
