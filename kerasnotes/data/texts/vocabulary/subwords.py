"""Vocabularies of subwords: byte-level pair merges."""

import functools
import itertools
import json
import re

from kerasnotes import errors
from kerasnotes.data.texts.vocabulary import base, merging

# Code points are spelt out because RE2 and Oniguruma differ in what \s is, and
# in the version of Unicode behind \p; what is in no class below is a letter.
_SPACES = "\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIGITS = "0-9"
_MARKS = (
    r"!-/:-@\[-`{-~"
    "\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb"
    "\u00bf\u00d7\u00f7\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u3020"
    "\uff01-\uff0f\uff1a-\uff20"
)
# Bounded, so that a merge in a graph is. An apostrophe ends a word: l'|an.
PATTERN = (
    f"[ \u00a0\u202f]?[^{_SPACES}{_DIGITS}{_MARKS}]{{1,32}}['\u2019]?"
    f"|[ \u00a0\u202f]?[{_DIGITS}]{{1,3}}"
    f"|[ \u00a0\u202f]?[{_MARKS}]{{1,32}}"
    f"|[{_SPACES}]{{1,32}}"
)
"""Words, numbers and punctuation with the space before them, and spaces."""

_PIECES = re.compile(PATTERN).findall
_MOST = 2**20


class Subwords(base.Vocabulary):
    """Byte-level byte-pair encoding.

    Texts are split into words, numbers, punctuation and spaces; within each of
    these, pairs of ids become one id in the order in which the merges were
    learned: the most frequent pair of the training texts first. Each merge
    makes the next id, from 259 on.

    Source: Sennrich et al., Neural machine translation of rare words with
    subword units, 2016, section 3.2; on bytes as in Radford et al., Language
    models are unsupervised multitask learners, 2019, section 2.2.

    Args:
        merges: `(m, 2)`, the pairs of ids that become one, in order.

    Raises:
        ValueError: a merge joins what isn't there before it, or makes what is.

    >>> vocabulary = Subwords([(111, 104), (259, 111)])
    >>> vocabulary.encode_tensor(["lel"]).to_list()
    [[260]]
    """

    def __init__(self, merges):
        self._pairs = [tuple(map(int, pair)) for pair in merges]
        super().__init__([])
        for pair in self._pairs:
            if not base.MARKS <= min(pair) <= max(pair) < self.size:
                raise ValueError(
                    "merges must join bytes, or what merges before them made. "
                    f"Received: {pair} for id {self.size}"
                )
            self._tokens.append(b"".join(self._tokens[i] for i in pair))
        self._merged = {
            pair: base.FIRST + rank for rank, pair in enumerate(self._pairs)
        }
        self._merges = merging.Merges(self._pairs)
        if len(set(self._tokens[base.MARKS :])) < self.size - base.MARKS:
            raise ValueError("merges must make tokens that differ.")

    @classmethod
    def learn(cls, texts, size=8000):
        """Learns merges by Hugging Face's tokenizers.

        Pairs that occur once are left as they are, so that few texts may give
        a smaller vocabulary than asked for.

        Args:
            texts: strings or UTF-8 bytes.
            size: the most ids that the vocabulary may have.

        Raises:
            UserError: the size leaves no room for merges or is absurd, or
                tokenizers is missing.
        """
        if not isinstance(size, int) or not base.FIRST < size <= _MOST:
            raise errors.UserError(
                f"--vocabulary=subwords:{size}: {base.FIRST} ids are marks and "
                f"bytes; give a larger whole number, {_MOST} at most: "
                "--vocabulary=subwords:8000"
            )
        tokenizers = errors.optional_import(
            "--vocabulary=subwords",
            "tokenizers",
            "translate",
            "give --vocabulary=characters",
        )
        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
        parts = tokenizers.pre_tokenizers
        tokenizer.pre_tokenizer = parts.Sequence(
            [
                parts.Split(tokenizers.Regex(PATTERN), "isolated"),
                parts.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=size - base.MARKS,
            min_frequency=2,
            initial_alphabet=list(_alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator(map(base.text, texts), trainer)
        return cls(_pairs(json.loads(tokenizer.to_str())["model"]["merges"]))

    def _split(self, text):
        return _PIECES(text)

    def _ids(self, piece):
        ids = [base.MARKS + byte for byte in piece.encode()]
        while len(ids) > 1:
            merged, at = min(
                (self._merged.get(pair, self.size), at)
                for at, pair in enumerate(itertools.pairwise(ids))
            )
            if merged == self.size:
                break
            ids[at : at + 2] = [merged]
        return ids

    def _encode_tensor(self, texts):
        pieces = merging.split(texts, PATTERN)
        return pieces.with_values(self._merges(pieces.values)).merge_dims(1, 2)

    def to_json(self):
        state = " ".join(f"{a},{b}" for a, b in self._pairs)
        return {"kind": "subwords", "state": state}

    @classmethod
    def from_state(cls, state):
        """Return the vocabulary of the state in `to_json`."""
        return cls([list(map(int, s.split(","))) for s in state.split()])


def _pairs(merges):
    """Return the library's merges, spelt by characters, as pairs of ids."""
    ids = {c: base.MARKS + byte for byte, c in enumerate(_alphabet())}
    for left, right in merges:
        ids[left + right] = base.MARKS + len(ids)
    return [(ids[left], ids[right]) for left, right in merges]


@functools.cache
def _alphabet():
    """Return the character by which the library spells each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    spelt = {byte: chr(byte) for byte in plain}
    spelt.update((byte, chr(256 + i)) for i, byte in enumerate(others))
    return [spelt[byte] for byte in range(256)]
