"""Vocabularies of characters."""

import numpy as np
import tensorflow as tf

from kerasnotes.data.texts.vocabulary import base


class Characters(base.Vocabulary):
    """A token for each known character; others become their UTF-8 bytes.

    An ASCII character is one byte, with an id from 3 to 130. The known
    characters outside ASCII have the ids from 259 on.

    Args:
        characters: the known characters outside ASCII, sorted, in one string.

    >>> vocabulary = Characters.learn(["où ?"])
    >>> vocabulary.encode(["ou", "où", "é"])
    [[114, 120], [114, 259], [198, 172]]
    >>> vocabulary.decode_tensor([[114, 259, 2, 9]]).numpy()[0].decode()
    'où'
    """

    def __init__(self, characters):
        codes = np.array([ord(c) for c in characters], "int32")
        if np.any(codes < 128) or np.any(np.diff(codes) <= 0):
            raise ValueError(
                "characters must be sorted and outside ASCII. "
                f"Received: {characters[:40]!r}"
            )
        super().__init__(c.encode() for c in characters)
        self._characters, self._codes = characters, codes
        self._places = {c: place for place, c in enumerate(characters)}

    @classmethod
    def learn(cls, texts):
        """Return the vocabulary of every character in the texts."""
        characters = set().union(*map(base.text, texts))
        return cls("".join(sorted(c for c in characters if not c.isascii())))

    def _split(self, text):
        return text

    def _ids(self, piece):
        if piece in self._places:
            return [base.FIRST + self._places[piece]]
        return [base.MARKS + byte for byte in piece.encode()]

    def _encode_tensor(self, texts):
        codes = tf.strings.unicode_decode(texts, "UTF-8")
        place, known = base.find(self._codes, codes.values)
        characters = tf.strings.unicode_encode(codes.values[:, None], "UTF-8")
        ids = tf.io.decode_raw(characters, tf.uint8, fixed_length=4)
        ids = base.MARKS + tf.cast(ids, tf.int32)
        ids = tf.where(known[:, None], base.FIRST + place[:, None], ids)
        lengths = tf.where(known, 1, tf.strings.length(characters))
        tokens = tf.RaggedTensor.from_tensor(ids, lengths)
        return codes.with_values(tokens).merge_dims(1, 2)

    def to_json(self):
        return {"kind": "characters", "state": self._characters}

    @classmethod
    def from_state(cls, state):
        """Return the vocabulary of the state in `to_json`."""
        return cls(state)
