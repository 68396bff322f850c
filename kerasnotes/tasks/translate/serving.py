"""The functions that a served model from text to text answers with."""

import functools
import itertools
import os
import pathlib
import unicodedata

import tensorflow as tf

from kerasnotes import errors, ops
from kerasnotes.data.texts.vocabulary import base
from kerasnotes.training import records

_BATCH = 64

# A word that ends so is meant as a file.
_FILES = (".csv", ".tsv", ".txt")


class Translator:
    """Text in, text out: a model between its vocabularies.

    Args:
        model: a `kerasnotes.models.SequenceToSequence`.
        source: the vocabulary of what goes in.
        target: the vocabulary of what comes out.
        longest: the most tokens that either may have; the rest of a longer
            source is left out.
    """

    def __init__(self, model, source, target, longest):
        self.model, self.source, self.target = model, source, target
        self.longest = longest

    @functools.cached_property
    def compiled(self):
        """The functions `search` and `log_prob`, as graphs made once."""
        text = tf.TensorSpec([None], tf.string)
        scalars = [tf.TensorSpec([], t) for t in (tf.int32, tf.float32)]
        return (
            tf.function(self.search, [text, *scalars]),
            tf.function(self.log_prob, [text, text]),
        )

    def search(self, text, width, alpha):
        """Return what beam search finds, a dictionary of tensors.

        Args:
            text: strings `[n]`, in Unicode's normal form C.
            width: B, an integer or a scalar tensor.
            alpha: the exponent of the length normalisation, likewise.

        Returns:
            `text` and `score`, `[n]`, of the best; `alternatives`, `scores`,
            `log_probs` and `lengths`, `[n, B]`, of all; and `truncated`,
            `[n]`, where the source was too long.
        """
        # To fail with words, not with a tensor's name.
        tf.debugging.assert_positive(width, "width must be at least 1")
        tf.debugging.assert_non_negative(alpha, "alpha must be at least 0")
        tokens = self.source.encode_tensor(text)
        hypotheses = self.model.beam_search(
            _ended(tokens[:, : self.longest]), width, self.longest + 1, alpha
        )
        shape = tf.shape(hypotheses.scores)
        flat = tf.reshape(
            hypotheses.tokens, [-1, tf.shape(hypotheses.tokens)[-1]]
        )
        texts = tf.reshape(self.target.decode_tensor(flat), shape)
        return {
            "text": texts[:, 0],
            "score": hypotheses.scores[:, 0],
            "alternatives": texts,
            "scores": hypotheses.scores,
            "log_probs": hypotheses.log_probs,
            "lengths": hypotheses.lengths,
            "truncated": tokens.row_lengths() > self.longest,
        }

    def log_prob(self, text, answer):
        """Return the log probability and tokens of answers.

        Args:
            text: strings `[n]`.
            answer: strings `[n]`.

        Returns:
            `log_prob`, `Σ_t log P(y⟨t⟩ | x, y⟨1⟩…y⟨t-1⟩)` with the end mark,
            and `length`, the number of its terms: `[n]`.
        """
        tf.debugging.assert_equal(
            tf.shape(text), tf.shape(answer), "as many texts as answers"
        )
        inputs, y = self._inputs(text, answer)
        logits = self.model(inputs, training=False)
        terms = -tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
        there = ops.padding_mask(y)
        return {
            "log_prob": tf.reduce_sum(tf.where(there, terms, 0.0), axis=1),
            "length": tf.reduce_sum(tf.cast(there, tf.int32), axis=1),
        }

    def attention(self, text, answer):
        """Return where the model looks in a text for an answer's tokens.

        Args:
            text: a string.
            answer: a string.

        Returns:
            Weights `[heads, T, S]`, or None where the model has none, and
            the tokens of the text `[S]` and of the answer `[T]`.
        """
        inputs, y = self._inputs([text], [answer])
        weights = self.model.attention(inputs)
        weights = weights if weights is None else weights[0]
        return weights, inputs["source"][0], y[0]

    def _inputs(self, text, answer):
        """Return the model's inputs, and the labels that it is to give."""
        y = _ended(self.target.encode_tensor(answer))
        source = _ended(self.source.encode_tensor(text)[:, : self.longest])
        begun = tf.pad(y[:, :-1], [[0, 0], [1, 0]], constant_values=ops.START)
        return {"source": source, "target": begun}, y

    def signatures(self, width, alpha):
        """Return the signatures.

        `serving_default` takes `text`, strings `[n]`, and gives what `search`
        finds with the width and the α given here; `beam_search` takes them
        too, as the scalars `width` and `alpha`. `log_prob` takes `text` and
        `answer`. `model_inputs` takes the model's own `source` and `target`,
        int32 tokens, and gives its `logits`. What they trace runs on any
        device.
        """

        def serve(text):
            return self.search(text, width, alpha)

        def from_tokens(source, target):
            inputs = {"source": source, "target": target}
            return {"logits": self.model(inputs, training=False)}

        spec, texts = tf.TensorSpec, tf.TensorSpec([None], tf.string, "text")
        scalars = spec([], tf.int32, "width"), spec([], tf.float32, "alpha")
        answers = spec([None], tf.string, "answer")
        tokens = [
            spec([None, None], tf.int32, side) for side in ("source", "target")
        ]
        served = {
            "serving_default": (serve, (texts,)),
            "beam_search": (self.search, (texts, *scalars)),
            "log_prob": (self.log_prob, (texts, answers)),
            "model_inputs": (from_tokens, tuple(tokens)),
        }
        return {
            name: records.Signature(self._portable(function), inputs)
            for name, (function, inputs) in served.items()
        }

    def _portable(self, function):
        """Return a function traced without the operations of a GPU."""

        @functools.wraps(function)
        def traced(*arguments, **named):
            with self.model.portable():
                return function(*arguments, **named)

        return traced


def answers(translator, inputs, width, alpha):
    """Yield the answer to each text, and to each line of files.

    Args:
        translator: the `Translator`.
        inputs: texts, and paths of files.
        width: the beam's width.
        alpha: the exponent of the length normalisation.

    Yields:
        A dictionary: `source`, the text, with `answer` and `score`; or
        `source`, its place, with an `error`.

    Raises:
        UserError: a file can't be read.
    """
    search, _ = translator.compiled
    texts = _texts(inputs)
    while batch := list(itertools.islice(texts, _BATCH)):
        searched = search([text for _, text in batch], width, alpha)
        for i, (place, text) in enumerate(batch):
            if not text:
                yield {"source": place, "error": "empty; give a text"}
            elif searched["truncated"][i]:
                yield {
                    "source": place,
                    "error": f"more than {translator.longest} tokens, the "
                    "longest that the run learned from; give it in parts",
                }
            else:
                yield {
                    "source": text,
                    "answer": searched["text"][i].numpy().decode(),
                    "score": round(float(searched["score"][i]), 4) + 0.0,
                }


def _texts(inputs):
    """Yield the place and the text of each, as those of training sets are."""
    for place, text in _places(inputs):
        yield place, unicodedata.normalize("NFC", base.text(text)).strip()


def _places(inputs):
    for place in inputs:
        if os.path.isfile(place):
            for number, line in enumerate(_lines(place), 1):
                # What is beyond a tab is a target.
                yield f"{place}:{number}", line.partition("\t")[0]
        elif os.path.isdir(place):
            raise errors.UserError(f"{place}: is a folder; name its files")
        elif place.lower().endswith(_FILES) and len(place.split()) == 1:
            raise errors.UserError(f"{place}: no such file")
        else:
            yield repr(place if len(place) <= 40 else place[:39] + "…"), place


def _lines(path):
    try:
        text = pathlib.Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise errors.UserError(f"{path}: can't be read: {error}") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise errors.UserError(
            f"{path}: is no UTF-8 text; give one with a text a line"
        )
    return text.removesuffix("\n").split("\n")


def _ended(tokens):
    """Return ragged tokens with their end marks, filled up."""
    ends = tf.fill([tokens.nrows(), 1], tf.cast(ops.END, tokens.dtype))
    # None of them would have no length.
    longest = tf.maximum(tokens.bounding_shape(1), 0) + 1
    ended = tf.concat([tokens, ends], axis=1)
    return ended.to_tensor(shape=tf.stack([-1, longest]))
