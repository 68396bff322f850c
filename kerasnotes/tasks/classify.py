"""Classification of pictures."""

import dataclasses
import pathlib

from etils import epy

from kerasnotes import errors, models, specs
from kerasnotes.training import config as config_lib
from kerasnotes.training import task as task_lib

with epy.lazy_imports():
    import keras
    import numpy as np
    import tensorflow as tf

    from kerasnotes import metrics, optimizers
    from kerasnotes.data import (
        augment,
        files,
        image_split,
        load,
        pictures,
        sides,
    )
    from kerasnotes.data import examples as examples_lib
    from kerasnotes.tasks import classify_review, classify_serving

_MODELS = tuple(n for n in models.names() if n != "linear_regression")
option, setting = config_lib.option, config_lib.setting


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """What a classifier can be told."""

    dataset: str = option(
        "digits",
        "digits, a TFDS name, a folder or zip of class folders, or a folder "
        "of IDX files.",
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
    model: str = option("lenet5", "The model.", choices=_MODELS)
    image_size: int | None = option(
        None,
        "Side of the model's picture; default the model's own.",
        bounds=(1, 4096),
    )
    resize: str = option(
        "stretch",
        "How a picture becomes a square.",
        choices=("stretch", "pad", "crop"),
    )
    split: str | None = option(
        None, "Parts of the data: 'train[:50000],dev[50000:]'."
    )
    group: str | None = option(
        None, "Regular expression; files of one match stay on one side."
    )
    train_dev: bool = option(False, "Hold 10 % of train out as train-dev.")
    augment: str = option("light", "none, or light[:shift=…,rotate=…,scale=…].")
    class_weight: str = option(
        "none", "none, balanced, or CLASS=weight,… in the loss."
    )
    hidden: str | None = option(None, "Units of hidden layers: '128,64'.")
    activation: str | None = option(None, "Activation of hidden layers.")
    initializer: str | None = option(None, "Initialiser of kernels.")
    keep_prob: str | None = option(
        None, "Probability to keep a unit, one or one a layer: '0.8,0.5'."
    )
    batch_norm: bool | None = option(None, "Batch norm before activations.")


class Classify(task_lib.Task):
    """Pictures in, a class and its probability out."""

    name = "classify"
    Config = Config

    def splits(self):
        config = self.config
        warp = augment.build(config.augment)
        weight = _class_weight(config.class_weight)
        examples = self._examples()
        # Other data than the run's own are split in their own way.
        own = not self.facts or self.facts["name"] == config.dataset
        parts = sides.choose(
            examples.ids,
            examples.labels,
            examples.official,
            config.split if own else None,
            sides.group_keys(examples.ids, config.group)
            if own and config.group
            else None,
            config.train_dev,
        )
        for side, indices in parts.items():
            if not len(indices):
                raise errors.UserError(
                    f"--dataset={config.dataset}: no example is left for "
                    f"{side}, of {len(examples.labels)} in all; give more "
                    "pictures of each class"
                )
        mean, std = examples_lib.mean_and_std(examples, parts["train"])
        self.facts = {
            "name": config.dataset,
            **{side: len(indices) for side, indices in parts.items()},
            "classes": list(examples.class_names),
            "input_shape": list(examples.images.shape[1:]),
            "mean": mean.tolist(),
            "std": std.tolist(),
            "skipped": len(examples.skipped),
        }
        return {
            side: image_split.ImageSplit(examples, indices, warp, weight)
            if side == "train"
            else image_split.ImageSplit(examples, indices)
            for side, indices in parts.items()
        }

    def _examples(self):
        """Reads the data, at the size and with the classes of the model."""
        config = self.config
        if self.facts:
            # Whatever is evaluated comes to the model's own input.
            *size, channels = self.facts["input_shape"]
        else:
            size = config.image_size or models.default_size(config.model)
            channels = None
        examples = load.load(
            config.dataset,
            data_dir=config.data_dir,
            image_size=size,
            channels=channels,
            resize=config.resize,
        )
        if examples.skipped:
            path, reason = examples.skipped[0]
            print(
                f"{len(examples.skipped)} files left out; the first: {path} "
                f"({reason}); the report lists them"
            )
        known = self.facts and self.facts["classes"]
        if known and known != list(examples.class_names):
            raise errors.UserError(
                f"--dataset={config.dataset}: its classes are not those of "
                f"the model ({', '.join(known[:10])}); give data of these"
            )
        return examples

    def model(self):
        config, facts = self.config, self.facts
        keep_prob = specs.numbers("--keep_prob", config.keep_prob, float)
        if keep_prob and len(keep_prob) == 1:
            (keep_prob,) = keep_prob
        given = {
            "hidden": specs.numbers("--hidden", config.hidden),
            "keep_prob": keep_prob,
            "activation": config.activation,
            "initializer": config.initializer,
            "batch_norm": config.batch_norm,
            "kernel_regularizer": optimizers.regularizers.l1_l2(
                config.l1, config.l2, facts["train"]
            ),
        }
        return models.build(
            config.model,
            input_shape=tuple(facts["input_shape"]),
            classes=len(facts["classes"]),
            mean=facts["mean"],
            std=facts["std"],
            **{k: v for k, v in given.items() if v is not None},
        )

    def load(self, path):
        return models.load(path)

    def loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self):
        classes = len(self.facts["classes"])
        self._metrics = metrics.ClassificationMetrics(classes)
        return [self._metrics]

    def evaluate(self, model, split):
        found = super().evaluate(model, split)
        # The metric still holds the split's confusion matrix.
        matrix = np.asarray(self._metrics.confusion)
        rows = metrics.classification_report(matrix)["classes"]
        names = self.facts["classes"]
        return {
            "size": split.size,
            **found,
            "classes": dict(zip(names, rows, strict=True)),
            "confusion": matrix.astype(int).tolist(),
        }

    def signatures(self, model):
        return classify_serving.signatures(
            model,
            self.facts["classes"],
            self.facts["input_shape"],
            self.config.resize,
        )

    def review(self, model, splits, folder):
        batch = self.config.batch_size
        logits = model.predict(splits["dev"].batches(batch), verbose=0)
        shown = splits["train"].epochs(batch, self.config.seed, 0, 0, 1)
        return classify_review.review(
            splits["dev"],
            logits.astype("float32"),
            next(iter(shown))[0].numpy(),
            folder,
        )

    def predict(self, model, paths):
        serve = tf.function(
            self.signatures(model)["serving_default"].function,
            input_signature=[tf.TensorSpec([None], tf.string)],
        )
        for path, read in _inputs(paths):
            try:
                answer = serve(tf.constant([pictures.prepare(read(), path)]))
            except errors.UserError as error:
                reason = str(error).removeprefix(f"{path}: ")
                yield {"file": path, "error": reason}
            except OSError as error:
                yield {"file": path, "error": error.strerror}
            except tf.errors.InvalidArgumentError:
                yield {"file": path, "error": "broken: it can't be decoded"}
            else:
                probabilities = answer["probabilities"][0].numpy()
                yield {
                    "file": path,
                    "label": answer["label"][0].numpy().decode(),
                    "confidence": round(float(probabilities.max()), 4),
                }


def _inputs(paths):
    """Yields the path of each picture, and what reads its bytes."""
    for path in paths:
        path = pathlib.Path(path)
        if not path.is_dir():
            yield str(path), path.read_bytes
            continue
        try:
            inside = files.Files(path)
        except errors.UserError as error:
            raise errors.UserError(f"{path}: holds no pictures") from error
        names = [
            name
            for name in inside.names
            if pictures.is_picture(inside.read(name, 12))
        ]
        if not names:
            raise errors.UserError(f"{path}: holds no pictures")
        for name in names:
            yield str(path / name), (path / name).read_bytes


def _class_weight(text):
    """Reads none, balanced or `CLASS=weight,…`."""
    if text in ("none", "balanced"):
        return {"none": None, "balanced": "balanced"}[text]
    weights = {}
    for part in text.split(","):
        name, _, value = part.rpartition("=")
        try:
            weights[name] = float(value)
        except ValueError as error:
            raise errors.UserError(
                f"--class_weight: {part!r} is not CLASS=weight; write none, "
                "balanced, or 'cat=2,dog=1'"
            ) from error
    return weights
