import pytest

from kerasnotes import errors
from kerasnotes.tools.analyze import program


def diagnose(words):
    return program.run({"mode": "diagnose"}, words.split(), "trainers.analyze")


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        ("human=1% train=8% dev=10%", ("avoidable bias",)),
        ("human=7.5% train=0.08 dev=10%", ("variance",)),
        ("train=0 train-dev=1.5% dev=10% human=0", ("data mismatch",)),
        ("human=0 train=0.5% dev=1% test=9%", ("overfitting to dev",)),
        ("human=typical=9%,team=1% train=8% dev=9%", ("avoidable bias",)),
    ],
)
def test_errors_alone_have_a_diagnosis(words, problems, capsys):
    assert diagnose(words).problems == problems
    told = capsys.readouterr().out
    assert told.startswith("diagnosis\n")
    assert "you " in told and "  1. " in told
    # A guess of no flags, which no run has.
    assert "--" not in told


def test_the_human_level_is_asked_for_as_it_is_typed(capsys):
    diagnose("train=8% dev=10%")
    assert "taken to be 0; human=… says otherwise" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "needs the errors of train and dev.*Received: none"),
        ("train=1%", "needs the errors of train and dev"),
        ("train=1% dev=1% tset=1%", "unknown 'tset'; did you mean 'test'"),
        ("train=1% dev=1% dev=2%", "dev is there twice"),
        ("train=1% dev=10", "dev: an error is a share.*Received: '10'"),
        ("human=x train=1% dev=1%", "human=x: an error is a share"),
    ],
)
def test_what_is_no_error_is_refused(words, told):
    with pytest.raises(errors.UserError, match=told):
        diagnose(words)


def test_flags_of_runs_are_not_for_it():
    with pytest.raises(errors.UserError, match="--run_dir: is not for"):
        program.run({"mode": "diagnose", "run_dir": "x"}, [], "")
