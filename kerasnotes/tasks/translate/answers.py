"""What a translation's answers are worth."""

import dataclasses
import time

import numpy as np
import tensorflow as tf

from kerasnotes import metrics
from kerasnotes.data.common import progress
from kerasnotes.diagnosis import blame as blame_lib
from kerasnotes.training import records

_BATCH = 64


@dataclasses.dataclass(frozen=True)
class Answers:
    """The answers to some examples, in their order.

    Attributes:
        ids: a string for each, by which people find it.
        sources: the texts asked.
        references: what they are to become.
        searched: what `serving.Translator.search` found.
        seconds: how long it took.
        tokenize: how BLEU cuts words; None where an answer is right only
            where it is the reference.
        teacher_forced: loss and metrics of the whole split, each token after
            the true ones before it; None where they weren't asked for.
    """

    ids: list
    sources: list
    references: list
    searched: dict
    seconds: float
    tokenize: str | None
    teacher_forced: dict | None = None

    @property
    def exact(self):
        """Whether an answer is right only where it is the reference."""
        return self.tokenize is None

    @property
    def outputs(self):
        """The best answers."""
        return [text.decode() for text in self.searched["text"]]

    @property
    def right(self):
        """Whether each answer is the reference, `[n]`."""
        pairs = zip(self.outputs, self.references, strict=True)
        return np.array([output == reference for output, reference in pairs])

    def bleu(self):
        """Return the answers' `metrics.Bleu`."""
        return metrics.bleu(self.outputs, self.references, self.tokenize)

    @property
    def scores(self):
        """The metrics of the answers, a dictionary."""
        values = {"answered": len(self.ids), "exact_match": self.right.mean()}
        if not self.exact:
            bleu = self.bleu()
            values |= {"bleu": bleu.score, "signature": bleu.signature}
        return values


def answer(translator, split, width, alpha, tokenize, teacher_forced=None):
    """Return the `Answers` of beam search.

    Args:
        translator: the `serving.Translator`.
        split: the `PairSplit` to answer.
        width: the beam's width.
        alpha: the exponent of the length normalisation.
        tokenize: see `Answers`.
        teacher_forced: see `Answers`.
    """
    sources, references = map(list, zip(*split.texts, strict=True))
    search, _ = translator.compiled
    began = time.perf_counter()
    searched = _in_batches(
        lambda texts: search(texts, width, alpha), [sources], "answers"
    )
    seconds = time.perf_counter() - began
    return Answers(
        split.ids,
        sources,
        references,
        searched,
        seconds,
        tokenize,
        teacher_forced,
    )


def blame(translator, answers, alpha):
    """Return whose fault each wrong answer is, a `blame.Blame`.

    Args:
        translator: the `serving.Translator`.
        answers: the `Answers`.
        alpha: the exponent of the search's length normalisation.
    """
    _, log_prob = translator.compiled
    true = _in_batches(
        log_prob, [answers.sources, answers.references], "references"
    )
    return blame_lib.blame(
        ~answers.right,
        true["log_prob"],
        true["length"],
        answers.searched["log_probs"][:, 0],
        answers.searched["lengths"][:, 0],
        alpha,
    )


def outcome(answers):
    """Return the `Outcome` of the answers.

    Those that aren't exact are wrong by what their own BLEU lacks.
    """
    errors = 1.0 - answers.right
    if not answers.exact:
        bleu = metrics.sentence_bleu(
            answers.outputs, answers.references, answers.tokenize
        )
        errors *= 1 - np.array(bleu) / 100
    rows = [
        {
            "id": name,
            "source": source,
            "true": reference,
            "given": output,
            "confidence": round(float(np.exp(log_prob)), 4),
        }
        for name, source, reference, output, log_prob in zip(
            answers.ids,
            answers.sources,
            answers.references,
            answers.outputs,
            answers.searched["log_probs"][:, 0],
            strict=True,
        )
    ]
    return records.Outcome(errors, rows)


def _in_batches(function, columns, label):
    """Return what a function gives for texts, in their order."""
    # Of like length together, since the longest sets the steps.
    order = np.argsort([len(text) for text in columns[0]], kind="stable")
    batches = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
    outputs = []
    for rows in progress.progress(batches, len(batches), label):
        texts = [tf.constant([c[row] for row in rows]) for c in columns]
        values = function(*texts)
        outputs.append({name: value.numpy() for name, value in values.items()})
    back = np.argsort(order)
    return {
        name: np.concatenate([part[name] for part in outputs])[back]
        for name in outputs[0]
    }
