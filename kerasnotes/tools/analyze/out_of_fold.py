"""What models say of examples that they never saw, fold by fold."""

import contextlib
import dataclasses
import hashlib
import json
import shutil

import numpy as np
from scipy.special import softmax

from kerasnotes import errors, files, splits
from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples as examples_lib
from kerasnotes.tasks.pictures import splits as picture_splits
from kerasnotes.training import records, runner
from kerasnotes.training.distribute import strategies
from kerasnotes.training.fit import checkpoints
from kerasnotes.training.run import folder as run_folder
from kerasnotes.training.run import places

_INNER = {"train": 0.9, "dev": 0.1}
_FEWEST = 20


@dataclasses.dataclass(frozen=True)
class Pool:
    """The examples of all sides of a run.

    Attributes:
        examples: the `Examples` that hold them.
        indices: where each lies in `examples`, int64 `[n]`.
        sides: the side of each, `[n]` of names.
    """

    examples: object
    indices: np.ndarray
    sides: np.ndarray

    @property
    def labels(self):
        """The label of each, int64 `[n]`."""
        return self.examples.labels[self.indices]

    @property
    def ids(self):
        """The id of each."""
        return [self.examples.ids[i] for i in self.indices]

    @property
    def synthetic(self):
        """Whether they were composed."""
        return self.examples.synthetic

    def part(self, places, augment=None, weights=None):
        """Return the `ImageSplit` of these of them."""
        indices = self.indices[places]
        return picture_batches.ImageSplit(
            self.examples, indices, augment, weights
        )


def pool(parts):
    """Return the examples of all sides as one `Pool`.

    Args:
        parts: a dictionary of side to `ImageSplit`.

    Raises:
        UserError: two examples have one id, or there are too few.
    """
    sources = {id(p.examples): p.examples for p in parts.values()}
    starts = np.cumsum([0, *(len(s.labels) for s in sources.values())])
    starts = dict(zip(sources, starts[:-1], strict=True))
    return Pool(
        _joined(list(sources.values())),
        np.concatenate(
            [p.indices + starts[id(p.examples)] for p in parts.values()]
        ),
        np.repeat(list(parts), [p.size for p in parts.values()]),
    )


def _joined(sources):
    """Return sets of pictures of one size and the same classes as one."""
    if len(sources) == 1:
        return sources[0]
    ids = [name for source in sources for name in source.ids]
    if len(set(ids)) < len(ids):
        raise errors.UserError(
            "--dev_dataset: has ids that --dataset has too, so that nobody "
            "could say which example is meant; rename its files"
        )
    images = examples_lib.allocate((len(ids), *sources[0].images.shape[1:]))
    np.concatenate([source.images for source in sources], out=images)
    labels = np.concatenate([source.labels for source in sources])
    return examples_lib.Examples(images, labels, ids, sources[0].class_names)


def default_epochs(epochs):
    """Return the epochs that a fold of a run of `epochs` trains.

    A fifth of them, so that five folds take about as long as the run, but 10
    where the run has as many: who trains long learns wrong labels by heart.

    >>> default_epochs(100), default_epochs(30), default_epochs(3)
    (20, 10, 3)
    """
    return max(epochs // 5, min(epochs, 10))


def probabilities(run, labelled, path, folds=5, seed=0, epochs=None):
    """Return each example's class probabilities, by a model without it.

    The examples are cut into folds, by class and by `--group`. A fold is
    answered for by a model of the task's configuration that learned from
    nine tenths of the other folds, its checkpoint chosen on the last tenth.

    Args:
        run: the `OpenRun` of a classifier.
        labelled: the `Pool` of its splits.
        path: the folder where the folds train. What is there goes on, if it
            is of the same task, examples, folds, seed and epochs.
        folds: their number.
        seed: another one makes other folds.
        epochs: the epochs that each trains; `default_epochs` if None.

    Returns:
        float64 `[n, classes]`.

    Raises:
        UserError: there are too few examples, or another process is at it.
    """
    if len(labelled.labels) < _FEWEST:
        raise errors.UserError(
            f"--dataset: {len(labelled.labels)} examples are too few to check "
            f"each other's labels; give {_FEWEST} at least"
        )
    task = run.task
    config = dataclasses.replace(
        task.config,
        mode="train",
        learning_curve=None,
        overwrite=False,
        watch="none",
        profile=None,
        epochs=epochs or default_epochs(task.config.epochs),
    )
    shares = {f"fold_{k}": 1 / folds for k in range(folds)}
    every = np.arange(len(labelled.labels))
    held = _cut(config, labelled, every, f"{seed} ", shares)
    answers = np.zeros(
        [len(labelled.labels), len(labelled.examples.class_names)]
    )
    with run_folder.RunFolder(path, task.name).locked():
        _begin(path, config, labelled, folds, seed)
        for number, (name, places) in enumerate(held.items(), 1):
            if not len(places):
                continue
            done = path / f"{name}.npz"
            if not _read(done, answers[places].shape):
                print(f"fold {number} of {folds}")
                _learn(run, config, labelled, places, path / name, done)
            (answers[places],) = _read(done, answers[places].shape)
    return answers


def _read(path, shape):
    """Return the file's one array in a list, which is empty without it."""
    try:
        values, _ = checkpoints.read(path)
    except errors.UserError:
        return []
    return [v for v in values.values() if v.shape == shape]


def _cut(config, labelled, places, salt, shares):
    """Cuts some of the examples by class and group."""
    groups = picture_splits.groups(labelled, config)
    if groups is not None:
        groups = [groups[i] for i in places]
    ids = [labelled.ids[i] for i in places]
    return splits.assign(ids, labelled.labels[places], salt, groups, shares)


def _begin(path, config, labelled, folds, seed):
    """Delete what other folds left."""
    content = json.dumps([labelled.ids, labelled.labels.tolist()]).encode()
    now = {
        # What the data hold is told below, wherever they lie.
        "flags": {
            name: value
            for name, value in config.learned().items()
            if not places.is_of_data(name)
        },
        "epochs": config.epochs,
        "folds": folds,
        "seed": seed,
        "examples": hashlib.sha256(content).hexdigest(),
    }
    identity = path / "folds.json"
    with contextlib.suppress(errors.UserError):
        if files.read_json(identity) == now:
            return
    for old in path.glob("fold_*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    files.write_json(identity, now)


def _learn(run, config, labelled, places, path, done):
    """Write the probabilities of `places`, by a model of the others."""
    rest = np.setdiff1d(np.arange(len(labelled.labels)), places)
    inner = _cut(config, labelled, rest, "inner ", _INNER)
    inner = {side: rest[at] for side, at in inner.items()}
    if not all(map(len, inner.values())):
        raise errors.UserError(
            f"--group={config.group}: leaves a fold too few groups to learn "
            "from; give fewer --folds"
        )
    size = strategies.batch_size(config, len(inner["train"]))
    config = dataclasses.replace(config, run_dir=str(path), batch_size=size)
    sample = examples_lib.sample(
        labelled.examples, labelled.indices[inner["train"]]
    )
    mean, std = examples_lib.mean_and_std(labelled.examples, sample)
    task = type(run.task)(config)
    facts = run.facts | {
        **{side: len(at) for side, at in inner.items()},
        "mean": mean.tolist(),
        "std": std.tolist(),
    }
    policy = task.policy(facts)
    if policy and policy.pca:
        policy = policy.fitted(
            examples_lib.covariance(labelled.examples, sample)
        )
    policies = {"train": policy, "dev": None}
    by_hand = task.example_weights([labelled.examples])
    parts = {
        side: labelled.part(
            at,
            policies[side],
            task.weights(labelled.examples, labelled.indices[at], by_hand),
        )
        for side, at in inner.items()
    }
    trained, _ = runner.learn_in(
        run_folder.RunFolder(path, task.name), task, records.Data(parts, facts)
    )
    logits = task.answers(trained, labelled.part(places)).outputs
    shares = softmax(logits.astype("float64"), axis=-1)
    checkpoints.write(done, {"probabilities": shares}, {})
    # Its checkpoints have done their duty.
    shutil.rmtree(path)
