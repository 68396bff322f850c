"""Translation: from a text to a text."""

import hashlib

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks.translate import config as translate_config
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    from kerasnotes import losses, metrics, optimizers
    from kerasnotes.data.texts import load, pair_batches, pairs, vocabulary
    from kerasnotes.diagnosis import intervals
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.translate import answers as translate_judging
    from kerasnotes.tasks.translate import networks, serving
    from kerasnotes.tasks.translate import remedies as translate_remedies
    from kerasnotes.tasks.translate import review as translate_review
    from kerasnotes.training.distribute import strategies

# The beams that the report compares, on how many examples.
_WIDTHS, _COMPARED = (1, 2, 4, 8, 16), 500


class Translate(task_lib.Task):
    """A text in, a text out."""

    name = "translate"
    Config = translate_config.Config

    def __init__(self, config, facts=None):
        super().__init__(config, facts)
        self._texts, self._judged, self._translator = {}, {}, None
        self._skipped = []

    @property
    def tokenize(self):
        """How BLEU cuts words; None where only the reference is right."""
        # What the run learned from, also where other data are evaluated.
        name = (self.facts or {}).get("name", self.config.dataset)
        judge = self.config.judge
        if judge == "exact" or (
            judge == "auto" and name == translate_config.DATES
        ):
            return None
        return judge.partition(":")[2] or "13a"

    @property
    def headline(self):
        return "bleu" if self.tokenize else "exact_match"

    @property
    def notes(self):
        if self.tokenize:
            return [
                "An error is a token that isn't the likeliest after the "
                "true ones before it."
            ]
        return [
            "An error is a text in which a token isn't the likeliest "
            "after the true ones before it."
        ]

    def splits(self):
        config = self.config
        found = load.load(config.dataset, config.data_dir)
        sides, shared = pairs.split(found, config.split)
        source, target = self._vocabularies(found, sides["train"])
        tokens = [
            words.encode(texts)
            for words, texts in (
                (source, found.sources),
                (target, found.targets),
            )
        ]
        dropped = 0
        for side, rows in sides.items():
            short = [
                row
                for row in rows
                if max(len(t[row]) for t in tokens) <= config.max_tokens
            ]
            if not short:
                raise errors.UserError(
                    f"--max_tokens={config.max_tokens}: all {side} pairs are "
                    "longer; give shorter texts, or train with more"
                )
            dropped += len(rows) - len(short)
            sides[side] = short
        _tell(found, shared, dropped)
        self.facts = self.facts or {
            "name": config.dataset,
            **{side: len(rows) for side, rows in sides.items()},
            "too_long": dropped,
            "source_vocabulary": source.to_json(),
            "target_vocabulary": target.to_json(),
            "longest": max(
                len(t[row]) for t in tokens for row in sides["train"]
            ),
            "digest": _digest(found, sides),
        }
        self._texts = {
            found.ids[row]: (found.sources[row], found.targets[row])
            for rows in sides.values()
            for row in rows
        }
        self._skipped = found.skipped
        replicas = strategies.strategy(config.strategy).num_replicas_in_sync
        return {
            side: pair_batches.PairSplit(
                *([s[row] for row in rows] for s in tokens),
                [found.ids[row] for row in rows],
                config.batch_tokens,
                replicas,
            )
            for side, rows in sides.items()
        }

    def _vocabularies(self, found, rows):
        """Returns those of the run, or new ones of the training rows."""
        if self.facts:
            return self._known("source"), self._known("target")
        spec = self.config.vocabulary
        if spec == "auto":
            dates = self.config.dataset == translate_config.DATES
            spec = "characters" if dates else "subwords:8000"
        sides = [
            [texts[row] for row in rows]
            for texts in (found.sources, found.targets)
        ]
        if self.config.share_embeddings:
            return 2 * (vocabulary.learn(spec, sides[0] + sides[1]),)
        return [vocabulary.learn(spec, texts) for texts in sides]

    def _known(self, side):
        return vocabulary.from_json(self.facts[f"{side}_vocabulary"])

    def model(self):
        config = self.config
        return networks.build(
            config,
            source_size=self._known("source").size,
            target_size=self._known("target").size,
            kernel_regularizer=optimizers.regularizers.l1_l2(
                config.l1, config.l2, self.facts["train"]
            ),
        )

    def loss(self):
        return losses.Crossentropy(label_smoothing=self.config.label_smoothing)

    def metrics(self):
        return [metrics.TokenAccuracy(), metrics.SequenceAccuracy()]

    def evaluate(self, model, split):
        found = super().evaluate(model, split)
        right = "accuracy" if self.tokenize else "sequence_accuracy"
        return {
            "size": split.size,
            "error": 1 - found[right],
            **found,
            **self._answers(model, split).scores,
        }

    def _answers(self, model, split):
        """Returns the `Answers` to a fair sample of a split."""
        sample = split.take(self.config.answers)
        # Of no other model, which this forgets.
        self.translator(model)
        key = tuple(sample.ids)
        if key not in self._judged:
            self._judged[key] = self.answer(model, sample.ids, self.config.beam)
        return self._judged[key]

    def answer(self, model, ids, width):
        """Returns the `translate_judging.Answers` to what has these ids."""
        return translate_judging.answer(
            self.translator(model),
            [(name, *self._texts[name]) for name in ids],
            width,
            self.config.alpha,
            self.tokenize,
        )

    def translator(self, model):
        """Returns the `serving.Translator` around a model."""
        # One, whose graphs are made once.
        if self._translator is None or self._translator.model is not model:
            self._judged = {}
            self._translator = serving.Translator(
                model,
                self._known("source"),
                self._known("target"),
                self.facts["longest"],
            )
        return self._translator

    def signatures(self, model):
        return self.translator(model).signatures(
            self.config.beam, self.config.alpha
        )

    def measure(self, model, split, metrics):
        # People's translations differ: nobody foresees every token.
        least = None if self.tokenize else 0.0
        return intervals.Measure(metrics["error"], metrics["size"], least=least)

    def judge(self, model, split):
        return translate_judging.judge(self._answers(model, split))

    def remedies(self, problem, facts):
        return translate_remedies.remedies(problem, facts)

    def review(self, model, splits, folder):
        answers = self._answers(model, splits["dev"])
        translator = self.translator(model)
        # Not the first of the answers, which are the shortest.
        few = splits["dev"].take(min(_COMPARED, len(answers.ids))).ids
        blocks = translate_review.review(
            answers,
            translate_judging.judge(answers),
            translate_judging.blame(translator, answers, self.config.alpha),
            folder,
            [(width, self.answer(model, few, width)) for width in _WIDTHS],
            translate_review.attended(translator, answers),
        )
        return [*blocks, *skipped.blocks(self._skipped, "row")]

    def predict(self, model, inputs):
        config = self.config
        return serving.answers(
            self.translator(model), inputs, config.beam, config.alpha
        )


def _digest(found, sides):
    """Returns a hash of what is in each side."""
    chosen = (
        (found.ids[row], found.sources[row], found.targets[row])
        for rows in sides.values()
        for row in rows
    )
    return hashlib.sha256(repr(list(chosen)).encode()).hexdigest()


def _tell(found, shared, dropped):
    """Says which pairs are left out, and why."""
    if found.skipped:
        place, reason = found.skipped[0]
        count = len(found.skipped)
        many = f"{count:,} rows hold no pair and are left out, the first"
        one = "a row holds no pair and is left out"
        print(f"{one if count == 1 else many}: {place}: {reason}")
    for count, where, reason in (
        (found.repeated, " of train", "it has them already"),
        (shared, " of train", "dev or test has their source or target"),
        (dropped, "", "they are longer than --max_tokens"),
    ):
        if count:
            print(f"{count:,} pairs are left out{where}: {reason}")
