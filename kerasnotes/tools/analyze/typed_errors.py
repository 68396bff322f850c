"""A diagnosis of typed errors, without a run."""

from kerasnotes import errors
from kerasnotes.diagnosis import advice, components, human_level, intervals
from kerasnotes.training.report import diagnosing, remedies, run_facts, tables

_NAMES = ("human", *tables.SPLITS)
_EXAMPLE = "human=1% train=8% dev=10%"


def diagnose(words):
    """Print what errors say, and what to try.

    Without the numbers of examples they stand as they are, with no intervals.

    Args:
        words: `name=error` each: `train`, `dev` and, where there are any,
            `human` (one level, or several by name), `train_dev`, `test`.

    Returns:
        The `components.Diagnosis`.

    Raises:
        UserError: a name is unknown, missing or there twice, or an error is
            no share.
    """
    texts = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if name not in _NAMES:
            raise errors.unknown("--mode=diagnose", name, _NAMES)
        if name in texts:
            raise errors.UserError(f"--mode=diagnose: {name} is there twice")
        texts[name] = value
    human = texts.pop("human", None)
    if not {"train", "dev"} <= set(texts):
        raise errors.UserError(
            "--mode=diagnose: needs the errors of train and dev at least: "
            f"--mode=diagnose {_EXAMPLE}. Received: {' '.join(words) or 'none'}"
        )
    diagnosis = components.diagnose(
        {
            name: intervals.Measure(human_level.share(name, value))
            for name, value in texts.items()
        },
        None if human is None else human_level.levels("human", human),
    )
    advised = advice.advise(
        diagnosis, remedies.remedies, run_facts.RunFacts({}, diagnosis.problems)
    )
    text = diagnosing.text(diagnosis, diagnosis.notes, advised)
    print(text.replace("--human_error", "human=…"))
    return diagnosis
