"""Vocabularies: texts as token ids and back, in Python and in a graph."""

from kerasnotes import errors, specs
from kerasnotes.data.texts.vocabulary.base import Vocabulary
from kerasnotes.data.texts.vocabulary.characters import Characters
from kerasnotes.data.texts.vocabulary.subwords import Subwords

__all__ = ["Characters", "Subwords", "Vocabulary", "from_json", "learn"]

_KINDS = {"characters": Characters, "subwords": Subwords}


def learn(spec, texts):
    """Learns a vocabulary of the kind that `--vocabulary` names.

    Args:
        spec: `"characters"`, or `"subwords:8000"` with the most tokens that
            the vocabulary may have.
        texts: strings or UTF-8 bytes, of the training set alone.

    Raises:
        UserError: another kind, too small a size, or tokenizers is missing.

    >>> vocabulary = learn("characters", ["naïve"])
    >>> vocabulary.decode(vocabulary.encode(["naïve, 東"]))
    ['naïve, 東']
    """
    name, _, size = spec.partition(":")
    if size.isdecimal():
        spec = f"{name}:size={size}"
    table = {name: kind.learn for name, kind in _KINDS.items()}
    return specs.call("--vocabulary", spec, table, texts=texts)


def from_json(value):
    """Return the vocabulary whose `to_json` gave the value.

    >>> from_json(Characters("é").to_json()).size
    260
    """
    try:
        kind, state = _KINDS[value["kind"]], value["state"]
        return kind.from_state(state)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.UserError(
            f"the vocabulary is damaged ({error!r}): it is part of a run's "
            "config.json; restore that file, or train again"
        ) from error
