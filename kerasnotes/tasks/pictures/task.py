"""What every task on pictures shares: data, models, predictions."""

import abc
import contextlib
import dataclasses
import hashlib

from etils import epy

from kerasnotes import errors, specs
from kerasnotes.tasks.pictures import config, freezing
from kerasnotes.training import records
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    import numpy as np

    from kerasnotes import models, optimizers
    from kerasnotes.data.common import by_id, example_weights
    from kerasnotes.data.pictures import batches as picture_batches
    from kerasnotes.data.pictures import examples as examples_lib
    from kerasnotes.data.pictures import load, sizes
    from kerasnotes.data.pictures.augmentation import canvas, named
    from kerasnotes.tasks.pictures import remedies, serving, transfer
    from kerasnotes.tasks.pictures import splits as picture_splits
    from kerasnotes.training.distribute import strategies
    from kerasnotes.training.run import fingerprints


# How many classes are named before training.
_NAMED = 20


class PictureTask(task_lib.SupervisedTask):
    """Pictures in; subclasses say what comes out.

    They may replace `read`, which gives the `Examples` of a data set,
    `split`, `relabelled`, `weights` and `arguments`.
    """

    Config = config.Config

    def read(self, dataset, size, channels):
        """Return the `Examples` of a data set.

        Args:
            dataset: the flag's value.
            size: the side of the model's picture, or `(height, width)`.
            channels: 1, 3 or None for the set's own.
        """
        config = self.config
        return load.load(
            dataset,
            data_dir=config.data_dir,
            image_size=size,
            channels=channels,
            resize=config.resize,
            cache=config.cache,
        )

    def split(self, examples, indices, augment=None, weights=None):
        """Return the `Split` of a part of the examples.

        Args:
            examples: the `Examples`.
            indices: which of them.
            augment: the `Policy` of its training batches, or None.
            weights: of each, or None for ones.
        """
        return picture_batches.ImageSplit(examples, indices, augment, weights)

    def side(self):
        """Return the side of pictures whose size no flag says, or None."""
        return models.default_size(self.config.model)

    def example_weights(self, sets):
        """Return what `--example_weight` says, a dictionary of id to number.

        Args:
            sets: the `Examples` that the ids must be of.
        """
        path = self.config.example_weight
        if path is None:
            return {}
        ids = by_id.ids_of("--example_weight", sets)
        texts = by_id.read("--example_weight", path, "weight", ids)
        return {i: example_weights.parse(path, i, t) for i, t in texts.items()}

    def weights(self, examples, indices, by_hand):
        """Return the weight of each of these examples, or None for ones.

        Args:
            examples: the `Examples`.
            indices: which of them.
            by_hand: what `example_weights` returned.
        """
        weights = self.weights_by_hand(examples, indices, by_hand)
        return weights if weights is None else example_weights.mean_one(weights)

    def weights_by_hand(self, examples, indices, by_hand):
        """Return what people gave each of these examples, or None."""
        if not by_hand:
            return None
        return np.array([by_hand.get(examples.ids[i], 1.0) for i in indices])

    def relabelled(self, sets):
        """Return the sets of examples with the labels that people mended."""
        return sets

    def policy(self, facts=None):
        """Return the unfitted policy of `--augment`, or None.

        A file's is that with which the run began, once it has facts.
        """
        saved = facts and facts.get("augment")
        if saved:
            return named.Policy(**saved)
        return named.build(self.config.augment)

    def data(self, facts=None):
        config, policy, fresh = self.config, self.policy(facts), not facts
        as_read, parts, is_own = self._cut(policy, facts)
        sets, by_hand = as_read, {}
        if is_own:
            # After the cut: to mend a label moves no example.
            sets = self.relabelled(as_read)
            by_hand = self.example_weights(sets)
        source, target = sets[0], sets[-1]
        origin = _origin(sets)
        picture_splits.check_sides(parts, origin, config)
        facts = facts or self.facts(source, target, parts, policy)
        if policy and policy.pca:
            policy = policy.fitted(facts["covariance"])
        splits = {
            name: self.split(
                origin[name],
                indices,
                policy if name == "train" else None,
                self.weights(origin[name], indices, by_hand),
            )
            for name, indices in parts.items()
        }
        if fresh and (by_hand or sets is not as_read):
            # A run goes on only with the same.
            facts["by_hand"] = _digest(splits)
        return records.Data(splits, facts)

    def _cut(self, policy, facts):
        """Return sets of examples, the rows of each split, and if all is own.

        Other data than the run's own are split in their own way.
        """
        config = self.config
        # Only a run that trains reads the pictures twice.
        larger = policy.canvas if policy and not facts else 1.0
        shape, classes = (
            (facts["input_shape"], facts["classes"]) if facts else (None, None)
        )
        sets = [self._examples(config.dataset, shape, classes, larger)]
        if not facts or facts["name"] == config.dataset:
            return *self._cut_own(sets), True
        # Those of the run may have moved.
        with contextlib.suppress(errors.UserError):
            sets_of_run, parts = self._cut_own(sets)
            if self._are_of(facts, sets_of_run, parts):
                return sets_of_run, parts, True
        return sets, picture_splits.one_set(*sets, config, False), False

    def _cut_own(self, sets):
        """Return the run's own sets of examples, and the rows of each split.

        Args:
            sets: the first of them.
        """
        config = self.config
        if not config.dev_dataset:
            return sets, picture_splits.one_set(*sets, config, True)
        picture_splits.check_apart(config)
        shape, classes = sets[0].images.shape[1:], sets[0].class_names
        sets = [
            *sets,
            self._examples(
                config.dev_dataset, shape, classes, flag="--dev_dataset"
            ),
        ]
        return sets, picture_splits.two_sets(*sets, config)

    def _are_of(self, facts, sets, parts):
        """Return whether these are the examples that a run's facts tell of."""
        origin = _origin(sets)
        splits = {
            name: self.split(origin[name], indices)
            for name, indices in parts.items()
        }
        if not fingerprints.same(facts, splits):
            return False
        # Names of files say little of what is in them.
        sample = examples_lib.sample(sets[0], parts["train"])
        numbers = examples_lib.mean_and_std(sets[0], sample)
        return np.allclose(numbers, [facts["mean"], facts["std"]])

    def facts(self, source, target, parts, policy):
        """Return what the data say of model and run, a dictionary.

        Args:
            source: the `Examples` that train.
            target: those that judge.
            parts: the indices of each split.
            policy: the unfitted policy, or None.
        """
        name, train = self.config.dataset, parts["train"]
        sample = examples_lib.sample(source, train)
        mean, std = examples_lib.mean_and_std(source, sample)
        facts = {
            "name": name,
            **{split: len(indices) for split, indices in parts.items()},
            "classes": list(source.class_names),
            "input_shape": list(source.images.shape[1:]),
            "mean": mean.tolist(),
            "std": std.tolist(),
            "skipped": len(source.skipped),
            "synthetic": source.synthetic and not target.synthetic,
        }
        size = source.own_size or sizes.largest(name)
        if size:
            facts["picture_size"] = list(size)
        if policy and named.is_file(self.config.augment):
            # A run goes on only with the same.
            facts["augment"] = dataclasses.asdict(policy)
        if policy and policy.pca:
            covariance = examples_lib.covariance(source, sample)
            facts["covariance"] = covariance.tolist()
        return facts

    def _examples(self, dataset, shape, classes, larger=1.0, flag="--dataset"):
        """Read the data, at the size and with the classes of the model.

        Args:
            dataset: the flag's value.
            shape: the model's input, or None where this set says it.
            classes: the model's classes, or None likewise.
            larger: above 1 they have a canvas that much larger, where that
                shows more.
            flag: the flag that names the set.
        """
        config = self.config
        if shape is not None:
            *size, channels = shape
        else:
            size = config.input_size() or self.side()
            channels = None
        examples = self.read(dataset, size, channels)
        self.tell(examples)
        if classes and list(classes) != list(examples.class_names):
            raise errors.UserError(
                f"{flag}={dataset}: its classes are not those of "
                f"the model ({errors.enumeration(classes)}); give data of these"
            )
        if shape is None and examples.class_names:
            names = examples.class_names
            more = ", …" if len(names) > _NAMED else ""
            print(
                f"{len(names)} {errors.plural('class', len(names))}: "
                f"{errors.printable(', '.join(names[:_NAMED]))}{more}"
            )
        size = canvas.size(examples, larger)
        if size:
            print(
                f"--augment={config.augment}: its windows are cut from "
                f"pictures of {size[0]}×{size[1]}, read beside those of the "
                "model's size"
            )
            again = self.read(dataset, size, examples.images.shape[-1])
            examples = canvas.joined(examples, again)
        return examples

    def tell(self, examples):
        """Print what is to be known of the `Examples` that were read."""
        if examples.skipped:
            path, reason = map(errors.printable, examples.skipped[0])
            print(
                f"{len(examples.skipped)} files left out; the first: {path} "
                f"({reason}); the report lists them"
            )

    def model(self, facts):
        network = self.network(facts)
        config = self.config
        transfer.print_weights(network, config)
        choice = freezing.by_size(
            config.freeze, len(network.blocks), facts["train"]
        )
        return transfer.freeze(network, choice)

    def training_model(self, model):
        return transfer.training_model(model, self.config)

    def training_data(self, run, model, data):
        return transfer.training_data(run, model, data)

    def arguments(self, facts):
        """Return the arguments of the network that flags say, None for none.

        Args:
            facts: those of the data.
        """
        config = self.config
        dropout = specs.numbers("--dropout", config.dropout, float)
        if dropout and len(dropout) == 1:
            (dropout,) = dropout
        return {
            "filters": specs.numbers("--filters", config.filters),
            "hidden": specs.numbers("--hidden", config.hidden),
            "dropout": dropout,
            "input_dropout": config.input_dropout,
            "activation": config.activation,
            "initializer": config.initializer,
            "batch_norm": config.batch_norm,
            "width": config.width,
            "kernel_regularizer": optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        }

    def network(self, facts, include_top=True):
        """Return the network on its weights of the start, all trainable.

        Args:
            facts: those of the data.
            include_top: whether it ends in logits, or in the features before.
        """
        config, arguments = self.config, self.arguments(facts)
        if include_top:
            arguments["classes"] = len(facts["classes"])
        arguments = {k: v for k, v in arguments.items() if v is not None}
        model = f"--model={config.model}"
        with errors.as_flags("weights", *arguments, default=model):
            return models.build(
                config.model,
                input_shape=tuple(facts["input_shape"]),
                include_top=include_top,
                mean=facts["mean"],
                std=facts["std"],
                weights=None if config.weights == "none" else config.weights,
                **arguments,
            )

    def remedies(self, problem, facts):
        return remedies.remedies(problem, facts)

    def before_and_after(self, data):
        """Return the first training batch, plain and as the model meets it."""
        config = self.config
        train = data.splits["train"]
        size = strategies.training_batch(config, train.size)
        return train.before_and_after(size, config.seed)

    @abc.abstractmethod
    def answer(self, trained, tensors):
        """Return what predict prints, of the served tensors of a picture."""

    def predict(self, trained, inputs):
        serve = self.signatures(trained)["serving_default"].function
        for path, tensors in serving.answers(serve, inputs):
            failed = "error" in tensors
            answer = tensors if failed else self.answer(trained, tensors)
            yield {"file": path, **answer}


def _origin(sets):
    """Return the set of each split: the first of two trains."""
    source, target = sets[0], sets[-1]
    return {
        "train": source,
        "train_dev": source,
        "dev": target,
        "test": target,
    }


def _digest(splits):
    """Return a hash of all that people may have mended."""
    digest = hashlib.sha256()
    for split in splits.values():
        for said in split.by_hand:
            digest.update(said.tobytes())
    return digest.hexdigest()
