"""Segmentation: the class of each pixel, by a U-Net."""

import dataclasses
import weakref

from etils import epy

from kerasnotes import errors, specs
from kerasnotes.tasks import pictures
from kerasnotes.tasks.pictures import freezing
from kerasnotes.tasks.segment import config
from kerasnotes.training import records

with epy.lazy_imports():
    import numpy as np

    from kerasnotes import losses, metrics, models, optimizers
    from kerasnotes.data.pictures import (
        load_masks,
        mask_batches,
        mask_context,
        mask_statistics,
    )
    from kerasnotes.diagnosis import intervals
    from kerasnotes.models.segmenters import valid
    from kerasnotes.plots import skipped
    from kerasnotes.tasks.pictures import transfer
    from kerasnotes.tasks.segment import answers as answers_lib
    from kerasnotes.tasks.segment import (
        boundary,
        class_weights,
        predictions,
        remedies,
        review,
        serving,
        things,
    )
    from kerasnotes.training.distribute import strategies

# A class of no pixel isn't quite impossible.
_LEAST_SHARE = 1e-4


class Segment(pictures.PictureTask):
    """Pictures in, masks out."""

    name = "segment"
    Config = config.Config

    def read(self, dataset, size, channels):
        config = self.config
        return load_masks.load(
            dataset,
            data_dir=config.data_dir,
            # Windows of pictures that stay as large as they are.
            image_size=config.input_size() if config.crop_size else size,
            channels=channels,
            resize=config.resize,
            cache=config.cache,
            **config.mask_files(),
        )

    def side(self):
        # That of the pictures.
        return None

    def tell(self, examples):
        for line in examples.notes:
            print(errors.printable(line))
        super().tell(examples)

    def policy(self, facts=None):
        policy = super().policy(facts)
        if policy and policy.mixes:
            raise errors.UserError(
                f"--augment={self.config.augment}: lays two pictures over one "
                "another, and a pixel has one class; give mixup=0 and "
                "cutmix=0: --augment=strong:mixup=0,cutmix=0"
            )
        if policy and self.config.crop_size:
            # Its windows would show the pictures at another resolution.
            policy = dataclasses.replace(policy, crop=1.0)
        if policy and (self.config.crop_size or self.config.padding == "valid"):
            # What is around a picture is so many of its own pixels.
            policy = dataclasses.replace(policy, canvas=1.0)
        return policy

    def _context(self, size):
        """Return the `Context` of pictures or windows of a size, or None."""
        config = self.config
        if config.padding == "same":
            return None
        levels = len(specs.numbers("--filters", config.filters))
        sizes = valid.sizes(size, levels)
        return mask_context.Context(tuple(size), *sizes)

    def split(self, examples, indices, augment=None, weights=None):
        side, size = self.config.crop_size, examples.images.shape[1:3]
        if side and side > min(size):
            raise errors.UserError(
                f"--crop_size={side}: is more than the pictures have, "
                f"{size[1]}×{size[0]}; make it smaller"
            )
        return mask_batches.MaskSplit(
            examples,
            indices,
            augment,
            weights,
            crop=(side, side) if side else None,
            rare_share=self.config.rare_crops,
            context=self._context((side, side) if side else size),
            gaps=boundary.gaps(self.config, examples),
        )

    def facts(self, source, target, parts, policy):
        statistics = mask_statistics.statistics(source, parts["train"])
        for line in statistics.lines():
            print(f"train: {errors.printable(line)}")
        facts = super().facts(source, target, parts, policy)
        shares = statistics.shares
        facts["shares"] = [shares[name] for name in source.class_names]
        facts["no_things"] = things.without(
            source.labels, parts["train"], source.class_names
        )
        if source.colours:
            facts["colours"] = [list(c) for c in source.colours]
        side = self.config.crop_size
        if side:
            if self.config.image_size:
                facts["resized"] = facts["input_shape"][:2]
            facts["input_shape"] = [side, side, facts["input_shape"][2]]
        return facts

    def training_data(self, run, model, data):
        return data

    def training_model(self, model):
        return model

    def show_data(self, run, data):
        train = data.splits["train"]
        path = review.draw_training_set(train, data.facts, run.folder)
        print(f"{path}: training pictures with their masks; look at them")

    def arguments(self, facts):
        arguments = super().arguments(facts)
        # Those of the U-Net itself.
        return arguments | {"filters": None, "dropout": None}

    def model(self, facts):
        config, backbone = self.config, None
        shape, mean, std = facts["input_shape"], facts["mean"], facts["std"]
        if config.model != remedies.UNET:
            backbone = self.network(facts, include_top=False)
            transfer.print_weights(backbone, config)
            shape = mean = std = None
        elif config.padding == "valid":
            shape = (*self._context(shape[:2]).inputs, shape[2])
        normalization = config.normalization
        names = ("filters", "initializer", "dropout", "activation")
        with errors.as_flags(*names):
            network = models.UNet(
                shape and tuple(shape),
                len(facts["classes"]),
                specs.numbers("--filters", config.filters),
                upsampling=config.upsampling,
                padding=config.padding,
                normalization=None
                if normalization == "none"
                else normalization,
                dropout=self._dropout(),
                activation=config.activation or "relu",
                backbone=backbone,
                prior=np.maximum(facts["shares"], _LEAST_SHARE).tolist(),
                initializer=config.initializer or "he",
                kernel_regularizer=optimizers.regularizers.l1_l2(
                    config.l1, config.l2, facts["train"]
                ),
                mean=mean,
                std=std,
                name=config.model,
            )
        if backbone is None:
            return network
        choice = freezing.by_size(
            config.freeze, len(backbone.blocks), facts["train"]
        )
        return transfer.freeze(
            network, str(len(backbone.blocks)) if choice == "all" else choice
        )

    def _dropout(self):
        rates = specs.numbers("--dropout", self.config.dropout, float)
        return rates[0] if rates else 0.0

    def loss(self, facts):
        return losses.SegmentationLoss(**self._loss(facts))

    def _loss(self, facts):
        """Return the arguments of the loss."""
        parts = self.config.pixel_loss.split("+")
        return {
            "class_weights": class_weights.weights(
                self.config.class_weight, facts
            ),
            "crossentropy_weight": float("cross_entropy" in parts),
            "focal_weight": float("focal" in parts),
            "dice_weight": float("dice" in parts),
            **boundary.arguments(self.config),
        }

    def metrics(self, facts, decisions):
        kind = metrics.SegmentationMetrics
        if "sigma" in self.config.boundary_arguments():
            kind = boundary.OfLabels
        return records.Metrics([kind(len(facts["classes"]))])

    def _server(self, trained, weak=False):
        """Return the `serving.Server` of a model.

        Args:
            trained: the `Trained`.
            weak: whether it doesn't hold the model.
        """
        config, model = self.config, trained.model
        if weak:
            model = _weak(model)
        size = trained.facts.get("resized")
        shape = trained.facts["input_shape"]
        return serving.Server(
            model,
            shape,
            trained.facts["classes"],
            config.resize,
            self._threshold(trained),
            tuple(size) if size else None,
            tiled=bool(config.crop_size),
            context=self._context(shape[:2]),
        )

    def answers(self, trained, split):
        loss = losses.SegmentationLoss(
            **self._loss(trained.facts), reduction=None
        )
        # A tiled picture is large, and one at a time is enough.
        batch = 1 if self.config.crop_size else self.config.batch_size
        return answers_lib.answer(
            trained, split, self._server(trained, weak=True), loss, batch
        )

    def _threshold(self, trained):
        """Return the probability of the second of two classes, or None."""
        if len(trained.facts["classes"]) > 2:
            return None
        fixed = self.config.fixed_threshold()
        return (
            trained.decisions.get("threshold", 0.5) if fixed is None else fixed
        )

    def decide(self, trained, answers, selection):
        names = trained.facts["classes"]
        if len(names) > 2 or self.config.fixed_threshold() is not None:
            return {}
        threshold = answers_lib.best_threshold(answers)
        print(
            f"--threshold=auto: a pixel is {names[1]!r} from a probability of "
            f"{threshold:.4g} on"
        )
        return {"threshold": threshold}

    def _tally(self, trained, answers):
        return answers.judged(
            answers_lib.Answers.tally, self._threshold(trained)
        )

    def _outlines(self, trained, answers):
        return answers.judged(answers_lib.borders, self._threshold(trained))

    def _things(self, trained, answers):
        left_out = tuple(trained.facts.get("no_things", {}).items())
        return answers.judged(things.judge, self._threshold(trained), left_out)

    def score(self, trained, answers):
        tally = self._tally(trained, answers)
        penalty = sum(float(x) for x in trained.model.losses)
        names = trained.facts["classes"]
        return answers_lib.score(
            answers,
            tally,
            names,
            penalty,
            self._outlines(trained, answers),
            self._things(trained, answers),
        )

    def outcome(self, trained, answers):
        return review.outcome(
            answers,
            self._tally(trained, answers),
            answers.masks(self._threshold(trained)),
            trained.facts,
        )

    def error(self, trained, answers, metrics):
        errors = self._tally(trained, answers).errors
        return intervals.Measure.of_examples(errors, most=1.0)

    def headline(self, facts):
        return "mean_iou"

    def notes(self, facts):
        return (
            "The error of a picture is 1 less the mean IoU of the classes that "
            "it has or that are answered; pictures count alike, while "
            "mean_iou counts the pixels of all pictures together.",
        )

    def signatures(self, trained):
        return self._server(trained).signatures()

    def review(self, run, trained, data, answers):
        train, config, facts = data.splits["train"], self.config, trained.facts
        size = strategies.training_batch(config, train.size)
        dev = answers["dev"]
        return [
            *review.review(
                self.outcome(trained, dev),
                dev,
                self._tally(trained, dev),
                self._outlines(trained, dev),
                self._things(trained, dev),
                facts,
                run.folder,
            ),
            *review.training_set(train, facts, run.folder),
            *review.shown(train, size, config.seed, facts, run.folder),
            *skipped.blocks(data.splits["dev"].examples.skipped, "entry"),
        ]

    def remedies(self, problem, facts):
        return remedies.remedies(problem, facts)

    def predict(self, trained, inputs):
        return predictions.predictions(self, trained, inputs)

    def answer(self, trained, tensors):
        return predictions.areas(trained.facts["classes"], tensors)


def _weak(model):
    """Return a function that calls a model, and doesn't hold it."""
    reference = weakref.ref(model)

    def call(pixels, training):
        return reference()(pixels, training=training)

    return call
