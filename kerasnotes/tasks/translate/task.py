"""Translation: from a text to a text."""

import dataclasses
import functools
import hashlib

from etils import epy

from kerasnotes import errors
from kerasnotes.tasks.translate import config
from kerasnotes.training import records
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    from kerasnotes import losses, metrics, optimizers
    from kerasnotes.data.texts import (
        direction,
        load,
        pair_batches,
        pairs,
        vocabulary,
    )
    from kerasnotes.diagnosis import intervals
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.translate import answers as answers_lib
    from kerasnotes.tasks.translate import networks, remedies, review, serving
    from kerasnotes.training.distribute import strategies

# The beams that the report compares, on how many examples.
_WIDTHS, _COMPARED = (1, 2, 4, 8, 16), 500
# How many characters of a text are shown before training.
_SHOWN = 60


@dataclasses.dataclass(frozen=True)
class Data(records.Data):
    """Pairs of texts.

    Attributes:
        skipped: pairs of a place and the reason why it holds no pair.
    """

    skipped: list = ()


@dataclasses.dataclass(frozen=True)
class Trained(records.Trained):
    """A model between its vocabularies."""

    @functools.cached_property
    def translator(self):
        """The `serving.Translator`, whose graphs are made once."""
        return serving.Translator(
            self.model,
            _vocabulary(self.facts, "source"),
            _vocabulary(self.facts, "target"),
            self.facts["longest"],
        )


class Translate(task_lib.SupervisedTask):
    """A text in, a text out."""

    name = "translate"
    Config = config.Config
    Trained = Trained

    def tokenize(self, facts):
        """Return how BLEU cuts words; None where only the reference is right.

        Args:
            facts: those of the data that the run learned from, also where
                others are evaluated.
        """
        judge = self.config.judge
        is_dates = facts["name"] == config.DATES
        if judge == "exact" or (judge == "auto" and is_dates):
            return None
        return judge.partition(":")[2] or "13a"

    def headline(self, facts):
        return "bleu" if self.tokenize(facts) else "exact_match"

    def notes(self, facts):
        if self.tokenize(facts):
            return [
                "An error is a token that isn't the likeliest after the "
                "true ones before it."
            ]
        return [
            "An error is a text in which a token isn't the likeliest "
            "after the true ones before it."
        ]

    def subject(self, facts):
        way = facts.get("languages")
        names = " from {} to {}".format(*way) if way else ""
        return f"{self.config.subject}{names}"

    def data(self, facts=None):
        config = self.config
        corpus = self._corpus(facts)
        parts, shared = pairs.split(corpus, config.split)
        source, target = self._vocabularies(corpus, parts["train"], facts)
        tokens = [
            source.encode(corpus.sources),
            target.encode(corpus.targets),
        ]
        parts, dropped = self._short(parts, tokens)
        _print_skipped(corpus, shared, dropped)
        facts = facts or {
            "name": config.dataset,
            "languages": corpus.languages and list(corpus.languages),
            **{name: len(rows) for name, rows in parts.items()},
            "too_long": dropped,
            "source_vocabulary": source.to_json(),
            "target_vocabulary": target.to_json(),
            "longest": max(
                len(t[row]) for t in tokens for row in parts["train"]
            ),
            "digest": _digest(corpus, parts),
        }
        replicas = strategies.strategy(config.strategy).num_replicas_in_sync
        splits = {
            name: pair_batches.PairSplit(
                *([t[row] for row in rows] for t in tokens),
                [corpus.ids[row] for row in rows],
                config.batch_tokens,
                replicas,
                [(corpus.sources[row], corpus.targets[row]) for row in rows],
            )
            for name, rows in parts.items()
        }
        return Data(splits, facts, skipped=corpus.skipped)

    def _corpus(self, facts):
        """Return the `Pairs`, and say which way they go."""
        config = self.config
        way = (config.source, config.target)
        if facts and facts.get("languages") and not any(way):
            way = facts["languages"]
        corpus = load.load(config.dataset, config.data_dir, *way)
        direction.check(corpus.languages, *way, evaluating=bool(facts))
        if not facts:
            _print_direction(config.subject, corpus)
        return corpus

    def _short(self, parts, tokens):
        """Return each split's pairs that aren't too long, and how many are."""
        most, short = self.config.max_tokens, {}
        for name, rows in parts.items():
            short[name] = [
                row for row in rows if max(len(t[row]) for t in tokens) <= most
            ]
            if not short[name]:
                raise errors.UserError(
                    f"--max_tokens={most}: all {name} pairs are longer; give "
                    "shorter texts, or train with more"
                )
        counts = [sum(map(len, side.values())) for side in (parts, short)]
        return short, counts[0] - counts[1]

    def _vocabularies(self, corpus, rows, facts):
        """Return those of the run, or new ones of the training rows."""
        if facts:
            return [_vocabulary(facts, side) for side in ("source", "target")]
        spec = self.config.vocabulary
        if spec == "auto":
            is_dates = self.config.dataset == config.DATES
            spec = "characters" if is_dates else "subwords:8000"
        sides = [
            [texts[row] for row in rows]
            for texts in (corpus.sources, corpus.targets)
        ]
        if self.config.share_embeddings:
            return 2 * (vocabulary.learn(spec, sides[0] + sides[1]),)
        return [vocabulary.learn(spec, texts) for texts in sides]

    def model(self, facts):
        config = self.config
        return networks.build(
            config,
            source_size=_vocabulary(facts, "source").size,
            target_size=_vocabulary(facts, "target").size,
            kernel_regularizer=optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        )

    def loss(self, facts):
        return losses.Crossentropy(label_smoothing=self.config.label_smoothing)

    def metrics(self, facts, decisions):
        return records.Metrics(
            [metrics.TokenAccuracy(), metrics.SequenceAccuracy()]
        )

    def answers(self, trained, split):
        """Answers a fair sample by beam search, and all by the true tokens."""
        return self.search(
            trained,
            split.take(self.config.answers),
            self.config.beam,
            self._evaluate(trained, split),
        )

    def search(self, trained, split, width, scores=None):
        """Return the `Answers` of a beam of this width."""
        return answers_lib.answer(
            trained.translator,
            split,
            width,
            self.config.alpha,
            self.tokenize(trained.facts),
            scores,
        )

    def _evaluate(self, trained, split):
        """Return loss and metrics after the true tokens, a dictionary."""
        model = trained.model
        metrics = self.metrics(trained.facts, trained.decisions)
        if not model.compiled:
            with model.distribute_strategy.scope():
                loss = self.loss(trained.facts)
                # Keras' own choice is XLA, which takes longer to compile than
                # a split to pass through the model.
                model.compile(
                    loss=loss, metrics=metrics.plain, jit_compile=False
                )
        batches = split.evaluation_batches(self.config.batch_size)
        scores = model.evaluate(batches, verbose=0, return_dict=True)
        return {"size": split.size, **scores}

    def score(self, trained, answers):
        scores = answers.teacher_forced
        exact = self.tokenize(trained.facts) is None
        right = "sequence_accuracy" if exact else "accuracy"
        return {
            "size": scores["size"],
            "error": 1 - scores[right],
            **scores,
            **answers.scores,
        }

    def error(self, trained, answers, metrics):
        # People's translations differ: nobody foresees every token.
        least = None if self.tokenize(trained.facts) else 0.0
        return intervals.Measure(metrics["error"], metrics["size"], least=least)

    def remedies(self, problem, facts):
        return remedies.remedies(problem, facts)

    def outcome(self, trained, answers):
        return answers_lib.outcome(answers)

    def signatures(self, trained):
        return trained.translator.signatures(
            self.config.beam, self.config.alpha
        )

    def review(self, run, trained, data, answers):
        dev, translator = answers["dev"], trained.translator
        # Not the first of the answers, which are the shortest.
        few = data.splits["dev"].take(min(_COMPARED, len(dev.ids)))
        blocks = review.review(
            dev,
            self.outcome(trained, dev),
            answers_lib.blame(translator, dev, self.config.alpha),
            run.folder,
            [(width, self.search(trained, few, width)) for width in _WIDTHS],
            review.attended(translator, dev),
        )
        return [*blocks, *skipped.blocks(data.skipped, "row")]

    def predict(self, trained, inputs):
        return serving.answers(
            trained.translator, inputs, self.config.beam, self.config.alpha
        )


def _vocabulary(facts, side):
    return vocabulary.from_json(facts[f"{side}_vocabulary"])


def _digest(pairs, parts):
    """Return a hash of what is in each split."""
    rows = (
        (pairs.ids[row], pairs.sources[row], pairs.targets[row])
        for part in parts.values()
        for row in part
    )
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()


def _print_direction(subject, pairs):
    """Says which way the pairs go, and shows two of them."""
    names = " from {} to {}".format(*pairs.languages) if pairs.languages else ""
    print(f"{subject}{names}: {len(pairs.ids):,} pairs, two of them:")
    for row in sorted({0, len(pairs.ids) // 2}):
        source, target = map(_short, (pairs.sources[row], pairs.targets[row]))
        line = f'  {pairs.ids[row]}: "{source}" is to become "{target}"'
        print(errors.printable(line))


def _short(text):
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _print_skipped(pairs, shared, dropped):
    """Says which pairs are left out, and why."""
    if pairs.skipped:
        place, reason = map(errors.printable, pairs.skipped[0])
        count = len(pairs.skipped)
        many = f"{count:,} rows hold no pair and are left out, the first"
        one = "a row holds no pair and is left out"
        print(f"{one if count == 1 else many}: {place}: {reason}")
    for count, where, reason in (
        (pairs.repeated, " of train", "it has them already"),
        (shared, " of train", "dev or test has their source or target"),
        (dropped, "", "they are longer than --max_tokens"),
    ):
        if count:
            print(f"{count:,} pairs are left out{where}: {reason}")
