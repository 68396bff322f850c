"""What a run prints."""

import json

from kerasnotes.training.report import tables


def test_a_table_for_the_terminal():
    text = tables.metrics_text(
        {
            "model": "m",
            "dev": {"loss": 0.25, "size": 10, "classes": {}, "by": "us"},
            "test": {"loss": 1.0, "by": "us"},
        }
    )
    assert text.splitlines() == [
        "metric     dev    test",
        "loss    0.2500  1.0000",
        "size        10       –",
        "us",
    ]


def test_classes_without_examples_are_named():
    scores = {"dev": {"size": 2, "absent": ["cat", "dog"]}}
    last = tables.metrics_text(scores).splitlines()[-1]
    assert last.startswith("no example of 'cat', 'dog' in dev: means over")


def test_answers_in_every_format(capsys):
    answers = [
        {"file": "a,b.png", "label": 'say "hi"', "confidence": 0.5},
        {"file": "x.png", "error": "broken"},
        {"file": "c.png", "label": "é", "confidence": 1.0},
    ]
    assert tables.print_answers(answers, "csv") == 1
    out = capsys.readouterr()
    assert out.out.splitlines() == [
        "file,label,confidence",
        '"a,b.png","say ""hi""",0.5',
        "c.png,é,1.0",
    ]
    assert out.err == "x.png: broken\n"
    tables.print_answers(answers, "json")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [answers[0], answers[2]]
    tables.print_answers(answers, "table")
    assert capsys.readouterr().out.splitlines()[1] == "c.png  é  1.0000"
    assert tables.print_answers(answers[:1], "table") == 0
