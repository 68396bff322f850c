"""What every task on pictures shares: flags, data, models, predictions."""

import abc
import dataclasses
import hashlib

from etils import epy

from kerasnotes import catalog, errors, specs
from kerasnotes.training import task as task_lib
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    import numpy as np

    from kerasnotes import models, optimizers
    from kerasnotes.data.common import by_id, example_weights
    from kerasnotes.data.pictures import batches as picture_batches
    from kerasnotes.data.pictures import examples as examples_lib
    from kerasnotes.data.pictures import load, sizes
    from kerasnotes.data.pictures.augmentation import canvas, named
    from kerasnotes.tasks.pictures import remedies as picture_remedies
    from kerasnotes.tasks.pictures import serving as picture_serving
    from kerasnotes.tasks.pictures import splits as picture_splits
    from kerasnotes.tasks.pictures import transfer

MODELS = tuple(catalog.names("pictures"))
option, setting = config_lib.option, config_lib.setting


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """What a task on pictures can be told."""

    dev_dataset: str | None = option(
        None,
        "Data of the target, in halves for dev and test; --dataset then "
        "gives train and train-dev alone.",
    )
    epochs: int = setting(
        100, "Passes over the training set; may grow.", bounds=(1, 10**6)
    )
    learning_rate: float = option(
        3e-3, "The learning rate, α₀.", bounds=(1e-30, 1e30)
    )
    lr_schedule: str = option(
        "cosine", "name[:key=value,…]: how the learning rate decays."
    )
    model: str = option("lenet5", "The model.", choices=MODELS)
    image_size: int | None = option(
        None,
        "Side of the model's picture; default the model's own.",
        bounds=(1, 4096),
    )
    cache: str = setting(
        "auto",
        "Where decoded pictures are kept: memory, disk, none (files are "
        "decoded whenever they are needed); auto: by their size.",
        choices=("auto", "memory", "disk", "none"),
    )
    resize: str = option(
        "stretch",
        "How a picture becomes a square.",
        choices=("stretch", "pad", "crop"),
    )
    split: str | None = option(
        None,
        "Parts of the data: 'train[:50000],dev[50000:]' by rows, "
        "'train=85%,dev=15%' by class and --group.",
    )
    group: str | None = option(
        None, "Regular expression; files of one match stay on one side."
    )
    example_weight: str | None = option(
        None,
        "CSV of id,weight: what examples count in the loss and in weighted "
        "metrics; 1 for the others.",
    )
    train_dev: bool = option(False, "Hold 10 % of train out as train-dev.")
    augment: str = option(
        "light",
        "none, light, standard or strong[:rotate=…,mixup=…], or a JSON file "
        "of such values.",
    )
    hidden: str | None = option(None, "Units of hidden layers: '128,64'.")
    activation: str | None = option(None, "Activation of hidden layers.")
    initializer: str | None = option(None, "Initialiser of kernels.")
    keep_prob: str | None = option(
        None, "Probability to keep a unit, one or one a layer: '0.8,0.5'."
    )
    batch_norm: bool | None = option(None, "Batch norm before activations.")
    width: float | None = option(
        None, "Multiplier of a network's channels.", bounds=(1e-3, 10)
    )
    weights: str = option(
        "none",
        "Where training starts: none, imagenet, or a .keras or .weights.h5 "
        "file; a head for other classes is left out.",
    )
    freeze: str = option(
        "none",
        "What keeps those weights: none, all but the head, or the first N "
        "blocks.",
    )

    def check(self):
        """Refuses also weights that aren't, and a part to freeze.

        Raises:
            UserError: see above.
        """
        super().check()
        # Before TensorFlow and the data are loaded.
        with errors.as_flags("weights"):
            catalog.check_weights(self.model, self.weights)
        if self.freeze != "none":
            transfer.check(self)


class PictureTask(task_lib.Task):
    """Pictures in; subclasses say what comes out.

    They set `read`, which gives the `Examples` of a data set, and may
    replace `weights`.
    """

    def read(self, dataset, size, channels):
        """Returns the `Examples` of a data set.

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

    def weights(self, examples, indices):
        """Returns the weight of each of these examples, or None for ones."""
        own = self.own_weights(examples, indices)
        return own if own is None else example_weights.mean_one(own)

    def own_weights(self, examples, indices):
        """Returns what `--example_weight` says of these examples, or None."""
        if self._own_weights is None:
            return None
        names = (examples.ids[i] for i in indices)
        return np.array([self._own_weights.get(n, 1.0) for n in names])

    def relabelled(self, sets):
        """Returns the sets of examples with the labels that people mended."""
        return sets

    def policy(self):
        """Returns the unfitted policy of `--augment`, or None.

        A file's is that with which the run began, once it has facts.
        """
        kept = self.facts and self.facts.get("augment")
        if kept:
            return named.Policy(**kept)
        return named.build(self.config.augment)

    def splits(self):
        config, policy = self.config, self.policy()
        # Other data than the run's own are split in their own way.
        own = not self.facts or self.facts["name"] == config.dataset
        sets, parts = self._cut(policy, own)
        as_read, self._own_weights = sets, None
        if own:
            # After the cut: to mend a label moves no example.
            sets = self.relabelled(sets)
            self._own_weights = _own_weights(config.example_weight, sets)
        source, target = sets[0], sets[-1]
        origin = dict.fromkeys(("train", "train_dev"), source)
        origin |= dict.fromkeys(("dev", "test"), target)
        for side, indices in parts.items():
            if not len(indices):
                raise errors.UserError(
                    f"--dataset={config.dataset}: no example is left for "
                    f"{side}, of {len(origin[side].labels)} in all; give more "
                    "pictures of each class"
                )
        self.facts = self._told(source, target, parts, policy)
        if policy and policy.pca:
            policy = policy.fitted(self.facts["covariance"])
        made = {
            side: picture_batches.ImageSplit(
                origin[side],
                indices,
                policy if side == "train" else None,
                self.weights(origin[side], indices),
            )
            for side, indices in parts.items()
        }
        if self._own_weights or sets is not as_read:
            # A run goes on only with the same.
            self.facts["by_hand"] = _digest(made)
        return made

    def _cut(self, policy, own):
        """Returns the sets of examples, and which rows make up each side."""
        config = self.config
        # Only a run that trains reads the pictures twice.
        larger = policy.canvas if policy and not self.facts else 1.0
        sets = [self._examples(config.dataset, larger=larger)]
        if not (own and config.dev_dataset):
            return sets, picture_splits.one_set(*sets, config, own)
        picture_splits.check_apart(config)
        sets.append(self._examples(config.dev_dataset, like=sets[0]))
        return sets, picture_splits.two_sets(*sets, config)

    def _told(self, source, target, parts, policy):
        """Returns what the data told, the task's facts."""
        name, train = self.config.dataset, parts["train"]
        mean, std = examples_lib.mean_and_std(source, train)
        facts = {
            "name": name,
            **{side: len(indices) for side, indices in parts.items()},
            "classes": list(source.class_names),
            "input_shape": list(source.images.shape[1:]),
            "mean": mean.tolist(),
            "std": std.tolist(),
            "skipped": len(source.skipped),
            "synthetic": source.synthetic and not target.synthetic,
        }
        size = _picture_size(source, self.facts, name)
        if size:
            facts["picture_size"] = list(size)
        if policy and named.is_file(self.config.augment):
            # A run goes on only with the same.
            facts["augment"] = dataclasses.asdict(policy)
        if policy and policy.pca:
            found = examples_lib.covariance(source, train)
            facts["covariance"] = found.tolist()
        return facts

    def _examples(self, dataset, like=None, larger=1.0):
        """Reads the data, at the size and with the classes of the model.

        With `larger` above 1 they have a canvas that much larger, where that
        shows more.
        """
        config = self.config
        if self.facts or like:
            # Whatever is evaluated comes to the model's own input.
            shape = like.images.shape[1:] if like else self.facts["input_shape"]
            *size, channels = shape
        else:
            size = config.image_size or models.default_size(config.model)
            channels = None
        examples = self.read(dataset, size, channels)
        if examples.skipped:
            path, reason = examples.skipped[0]
            print(
                f"{len(examples.skipped)} files left out; the first: {path} "
                f"({reason}); the report lists them"
            )
        known = (
            like.class_names if like else self.facts and self.facts["classes"]
        )
        if known and list(known) != list(examples.class_names):
            flag = "--dev_dataset" if like else "--dataset"
            raise errors.UserError(
                f"{flag}={dataset}: its classes are not those of "
                f"the model ({', '.join(known[:10])}); give data of these"
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

    def learned_from(self, splits):
        return transfer.learned_from(self, splits)

    def model(self):
        network = self.network()
        transfer.print_weights(network, self.config)
        self._network = transfer.freeze(network, self.config.freeze)
        return transfer.trained(self._network, self.config)

    def whole(self, model):
        return self._network

    def network(self):
        """Returns the whole network, on its weights of the start."""
        config, facts = self.config, self.facts
        keep_prob = specs.numbers("--keep_prob", config.keep_prob, float)
        if keep_prob and len(keep_prob) == 1:
            (keep_prob,) = keep_prob
        arguments = {
            "hidden": specs.numbers("--hidden", config.hidden),
            "keep_prob": keep_prob,
            "activation": config.activation,
            "initializer": config.initializer,
            "batch_norm": config.batch_norm,
            "width": config.width,
            "kernel_regularizer": optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        }
        arguments = {k: v for k, v in arguments.items() if v is not None}
        model = f"--model={config.model}"
        with errors.as_flags("weights", *arguments, default=model):
            return models.build(
                config.model,
                input_shape=tuple(facts["input_shape"]),
                classes=len(facts["classes"]),
                mean=facts["mean"],
                std=facts["std"],
                weights=None if config.weights == "none" else config.weights,
                **arguments,
            )

    def shown(self, splits):
        """Returns the first training batch, plain and as the model meets it."""
        config = self.config
        return splits["train"].before_and_after(config.batch_size, config.seed)

    def logits(self, model, split):
        """Returns the model's logits of a split, float32 `[n, outputs]`."""
        batches = split.evaluation_batches(self.config.batch_size)
        return model.predict(batches, verbose=0).astype("float32")

    def remedies(self, problem, facts):
        return picture_remedies.remedies(problem, facts)

    @abc.abstractmethod
    def answer(self, answer):
        """Returns what predict prints, of the served tensors of a picture."""

    def predict(self, model, paths):
        serve = self.signatures(model)["serving_default"].function
        for path, found in picture_serving.answers(serve, paths):
            answer = found if "error" in found else self.answer(found)
            yield {"file": path, **answer}


def _picture_size(source, facts, name):
    """Returns the pictures' own height and width, or None if not known."""
    known = (facts or {}).get("picture_size")
    return source.own_size or known or sizes.largest(name)


def _digest(splits):
    """Returns a hash of all labels and weights."""
    found = hashlib.sha256()
    for split in splits.values():
        found.update(split.labels.tobytes() + split.weights.tobytes())
    return found.hexdigest()


def _own_weights(path, sets):
    """Reads each example's weight, a dictionary of id to number."""
    if path is None:
        return None
    ids = by_id.ids_of("--example_weight", sets)
    found = by_id.read("--example_weight", path, "weight", ids)
    return {
        i: example_weights.parse(path, i, text) for i, text in found.items()
    }
