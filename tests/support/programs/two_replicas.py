"""What training comes to on one device, and on two replicas.

A script of test_replicas.py. The replicas are two logical CPUs, in a process
of its own because a CPU is split before TensorFlow's first op; or, where there
is a TF_CONFIG, two processes, each of which runs this. The halves of each
batch, which the replicas take, are unlike in all that could matter.
"""

import contextlib
import functools
import json
import os
import pathlib
import sys
import warnings

import keras
import numpy as np
import tensorflow as tf

from kerasnotes import losses, models, optimizers
from kerasnotes.models.pictures import side_heads
from kerasnotes.optimizers import regularizers
from kerasnotes.tasks import classify, multilabel, regress
from kerasnotes.tasks.pictures import transfer
from kerasnotes.training import records
from kerasnotes.training.distribute import replicas, strategies
from kerasnotes.training.fit import checkpoints, compiling, nudging, watching
from kerasnotes.training.run import config
from tests.support.splits import ArraySplit

SIZE, BATCH, LABELS = 80, 16, 3
SECOND = np.arange(SIZE) % BATCH >= BATCH // 2
RNG = np.random.default_rng(0)
X = np.where(SECOND[:, None], 3.0, 1.0) * RNG.normal(size=[SIZE, 4]) + 1
Y = (X.sum(axis=1) > 4).astype("int64")
MASKED = (X[:, :LABELS] > 1).astype("int8")
MASKED[SECOND, 1:] = -1
MASKED[15::16] = -1
SOFT = RNG.dirichlet([0.3] * LABELS, SIZE)
LINE = X @ [[1.0], [-1.0], [2.0], [0.5]]
WEIGHTS = RNG.uniform(0.1, 1, SIZE) * np.where(SECOND, 3, 1)
WEIGHTS /= WEIGHTS.mean()
TWO = "multi_worker" if "TF_CONFIG" in os.environ else "mirrored"
SGD = {"optimizer": "sgd", "learning_rate": 0.1}


def split(y, size=SIZE):
    """Return the first examples, as a task evaluates them."""
    return ArraySplit(X[:size], y[:size], WEIGHTS[:size])


@contextlib.contextmanager
def begun(strategy):
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    with strategies.strategy(strategy).scope():
        yield


def compiled(strategy, *between, loss=None, **flags):
    given = config.FitConfig(strategy=strategy, **flags)
    with begun(strategy):
        x = inputs = keras.Input([4])
        penalty = regularizers.l1_l2(given.l1, given.l2, SIZE)
        x = keras.layers.Dense(5, "tanh", kernel_regularizer=penalty)(x)
        for layer in between:
            x = layer()(x)
        model = keras.Model(inputs, keras.layers.Dense(LABELS)(x))
        loss = (loss or losses.Crossentropy)()
        steps = SIZE // BATCH
        compiling.compile(model, loss, records.Metrics([]), given, steps)
    return model


def fit(model, *rows, **more):
    data = tf.data.Dataset.from_tensor_slices(rows).batch(BATCH)
    return model.fit(data, shuffle=False, verbose=0, **more).history


def state(model):
    return [*model.variables, *model.optimizer.variables]


def values(variables):
    return [np.asarray(v).tolist() for v in variables]


def five_steps(strategy, *between, y=Y, weights=None, **flags):
    model, more = compiled(strategy, *between, **flags), {}
    if "weight_average" in flags:
        more["validation_data"] = split(y).evaluation_batches(BATCH)
        more["callbacks"] = [keras.callbacks.SwapEMAWeights()]
    before = model.get_weights()
    rows = (X, y) if weights is None else (X, y, weights)
    history = fit(model, *rows, **more)
    moved = [w - b for w, b in zip(model.get_weights(), before, strict=True)]
    norm = np.linalg.norm(np.concatenate([m.ravel() for m in moved]))
    return {**history, "moved": norm, "state": values(state(model))}


def nudged(strategy, key, value):
    """Five steps, a nudge, and five steps more."""
    flags = {"lr_schedule": "cosine", "l2": 2.0, "epochs": 4}
    model = compiled(strategy, **flags)
    fit(model, X, Y)
    nudger = nudging.Nudger(None, model, config.FitConfig(**flags))
    nudger.apply([{"key": key, "value": value}])
    return {**fit(model, X, Y), "state": values(state(model))}


def unsynchronized():
    """Five steps where each replica has a batch norm of its own."""
    stock, replicas.synchronize = replicas.synchronize, lambda model: None
    try:
        return five_steps("mirrored", keras.layers.BatchNormalization, **SGD)
    finally:
        replicas.synchronize = stock


def optimizer(strategy, spec):
    """Five steps on gradients of which each replica has its own share."""
    scope = strategies.strategy(strategy)
    shapes = [[6, 4], [4], [2, 2, 3, 4]]
    rng = np.random.default_rng(0)
    shares = [rng.normal(size=[2, *shape]) for shape in shapes]
    with scope.scope():
        variables = [keras.Variable(rng.normal(size=s)) for s in shapes]
        rule = optimizers.get(spec, 0.01)
        rule.build(variables)

    def step(sign):
        context = tf.distribute.get_replica_context()
        gradients = [tf.reduce_sum(share, axis=0) for share in shares]
        if context.num_replicas_in_sync > 1:
            replica = context.replica_id_in_sync_group
            gradients = [tf.gather(share, replica) for share in shares]
        rule.apply([sign * gradient for gradient in gradients], variables)

    for sign in (1.0, 0.5, -1.0, 0.2, -0.7):
        scope.run(step, args=(sign,))
    return values(variables)


def evaluated(strategy, kind, y, classes, decisions=None, **flags):
    """A task's own metrics of some examples, and the model's answers."""
    task = kind(kind.Config(strategy=strategy, **flags))
    facts = {"classes": [f"class {i}" for i in range(classes)]}
    facts |= {"target_mean": 0.0, "target_std": 1.0}
    decisions = decisions or {}
    with begun(strategy):
        layer = keras.layers.Dense(classes, kernel_regularizer="l2")
        model = keras.Sequential([keras.Input([4]), layer])
        metrics = task.metrics(facts, decisions)
        compiling.compile(model, task.loss(facts), metrics, task.config, 5)
    # Of 33 the last batch leaves a replica none, of 1 the first does.
    splits = [split(y, size) for size in (37, 33, 1)]
    compiled = {
        f"compiled {part.size}": model.evaluate(
            part.evaluation_batches(BATCH), verbose=0, return_dict=True
        )
        for part in splits
    }
    trained = records.Trained(model, facts, decisions)
    scores = {
        part.size: task.score(trained, task.answers(trained, part))
        for part in splits
    }
    answers = values(model.predict(X[:37], 16, verbose=0))
    return {**scores, **compiled, "answers": answers}


def watched(strategy, kind):
    model = compiled(strategy, **SGD | {"learning_rate": 9.0})
    watcher = watching.watcher(kind, split(Y), BATCH, None)
    with warnings.catch_warnings(action="ignore"):
        fit(model, X, Y, callbacks=[watcher])
    rows = getattr(watcher, "history", [])
    return [
        watching.findings(watcher),
        getattr(watcher, "costs", []),
        [[row[n] for n in ("gradient", "activation")] for row in rows],
    ]


def resumed():
    """Five steps with dropout, and as many where a new model takes three."""
    dropout = functools.partial(keras.layers.Dropout, 0.5)
    flags, kept = {"weight_average": 0.9}, {}

    def keep(batch, logs):
        if batch == 1:
            kept.update(checkpoints.collect(state(whole)))

    whole = compiled("mirrored", dropout, **flags)
    keeper = keras.callbacks.LambdaCallback(on_train_batch_end=keep)
    fit(whole, X, Y, callbacks=[keeper])
    model = compiled("mirrored", dropout, **flags)
    checkpoints.restore(state(model), kept, "memory")
    fit(model, X[2 * BATCH :], Y[2 * BATCH :])
    return [values(state(each)) for each in (whole, model)]


def masks():
    """What dropout leaves of ones on each replica: Keras', and mended."""
    scope = strategies.strategy("mirrored")
    with scope.scope():
        layer = keras.layers.Dropout(0.5)
    ones, more = tf.ones([4, 50]), {"training": True}

    def dropped():
        left = scope.run(layer, args=(ones,), kwargs=more)
        return values(scope.experimental_local_results(left))

    mended = keras.random.SeedGenerator.next
    found = {"mended": [dropped(), dropped()]}
    keras.random.SeedGenerator.next = mended.__wrapped__
    found["stock"] = [dropped(), dropped()]
    keras.random.SeedGenerator.next = mended
    return found


def overflown(strategy):
    """Five steps in half precision; the first overflows on one replica."""
    keras.config.set_dtype_policy("mixed_float16")
    flags = SGD | {"precision": "mixed_float16"}
    model = compiled(strategy, **flags)
    keras.config.set_dtype_policy("float64")
    x = X.copy()
    x[8:16] = 1e5
    fit(model, x, Y)
    return values(model.weights)


def with_side_heads(strategy):
    """An epoch of a network whose side heads have losses too."""
    given = config.FitConfig(strategy=strategy, **SGD)
    with begun(strategy):
        inputs = keras.Input([4])
        z = keras.layers.Dense(5, kernel_regularizer="l2")(inputs)
        main = keras.Model(inputs, keras.layers.Dense(2)(z))
        sides = [keras.layers.Dense(2)(z) for _ in range(2)]
        model = side_heads.WithSideHeads(main, sides)
        compiling.compile(
            model, losses.Crossentropy(), records.Metrics([]), given, 5
        )
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)
    history = model.fit(data, validation_data=data, verbose=0).history
    return {**history, "weights": values(model.weights)}


def partly_frozen(strategy):
    """Two epochs of a network with batch norm whose first blocks are frozen."""
    pictures = np.random.default_rng(0).uniform(0, 255, [48, 16, 16, 1])
    pictures[SECOND[:48]] *= 0.3
    penalty = keras.regularizers.L2(0.01)
    options = {"batch_norm": True, "mean": [80.0], "std": [70.0]}
    with begun(strategy):
        model = models.build(
            "lenet5", (16, 16, 1), 3, kernel_regularizer=penalty, **options
        )
        transfer.freeze(model, "2")
        given = config.FitConfig(strategy=strategy, optimizer="sgd")
        compiling.compile(
            model, losses.Crossentropy(), records.Metrics([]), given, 3
        )
    history = fit(model, pictures, np.arange(48) % 3, epochs=2)
    return {**history, "weights": values(model.weights)}


def on_one_device():
    """What a copy for one device says of its batch norm, and answers."""
    norm = keras.layers.BatchNormalization
    model = compiled("mirrored", norm, **SGD, l2=2.0)
    fit(model, X, Y)
    model.layers[1].trainable = False
    copy = strategies.on_one_device(model)
    return {
        "synchronized": [
            layer.synchronized
            for each in (model, copy)
            for layer in each.layers
            if isinstance(layer, norm)
        ],
        "answers": [values([each(X), *each.losses]) for each in (model, copy)],
    }


def both(function, *args, **kwargs):
    """What comes of one device and of two; of two alone in a worker."""
    kinds = (TWO,) if TWO == "multi_worker" else ("one_device", TWO)
    return [function(each, *args, **kwargs) for each in kinds]


STEPS = {
    "plain": SGD,
    "l1 and l2": {**SGD, "l1": 1.0, "l2": 2.0},
    "clipping": {**SGD, "clip_norm": 0.05},
    "clipping by value": {**SGD, "clip_value": 0.01},
    "weight average": {**SGD, "weight_average": 0.9, "l2": 2.0},
    "weights": {**SGD, "weights": WEIGHTS},
    "masked": {**SGD, "y": MASKED, "loss": losses.MaskedBinaryCrossentropy},
    "soft labels": {
        **SGD,
        "y": SOFT,
        "loss": functools.partial(losses.Crossentropy, label_smoothing=0.1),
    },
    "schedule": {"lr_schedule": "cosine", "warmup_epochs": 0.6, "epochs": 1},
    "steps in one call": {**SGD, "steps_per_execution": 5},
}
# What passes between processes by other ways than between logical CPUs.
BETWEEN_PROCESSES = (
    *("plain", "clipping", "weight average", "masked", "steps in one call"),
)
METRICS = {
    "two classes": (
        classify.Classify,
        Y,
        2,
        {"class_weight": "balanced", "threshold": "0.4"},
    ),
    "classes": (
        classify.Classify,
        np.arange(SIZE) % 5,
        5,
        {"example_weight": "weights.csv"},
    ),
    "regression": (regress.Regress, LINE, 1, {"weight": "a column"}),
    "labels": (
        multilabel.Multilabel,
        MASKED,
        LABELS,
        {
            "example_weight": "weights.csv",
            "decisions": {"thresholds": [0.3, 0.5, 0.6]},
        },
    ),
}
OPTIMIZERS = [
    *optimizers.names(),
    "adam:amsgrad=true,weight_decay=0.01",
    "rmsprop:centered=true,momentum=0.5",
    "sgd:momentum=0.9,nesterov=true,weight_decay=0.1",
]


def of_all_replicas(names):
    """What holds for replicas wherever they are, of the steps named."""
    norm, found = keras.layers.BatchNormalization, {}
    for name in names:
        found[name] = both(five_steps, **STEPS[name])
    found["batch norm"] = both(five_steps, norm, **SGD)
    for name, (kind, y, classes, flags) in METRICS.items():
        found[name] = both(evaluated, kind, y, classes, **flags)
    return found


def of_logical_cpus():
    found = of_all_replicas(STEPS)
    found["unsynchronized"] = unsynchronized()
    # The first is no change.
    for key, value in (("l2", 2.0), ("l2", 9.0), ("learning_rate", 0.1)):
        found[f"{key} {value}"] = both(nudged, key, value)
    for spec in OPTIMIZERS:
        found[spec] = both(optimizer, spec)
    for kind in ("norms", "cost"):
        found[f"watch {kind}"] = both(watched, kind)
    found["overflow"] = both(overflown)
    found["side heads"] = both(with_side_heads)
    found["frozen blocks"] = both(partly_frozen)
    found["resumed"], found["masks"] = resumed(), masks()
    found["copy"] = on_one_device()
    return found


def main():
    compiling.configure(config.FitConfig(logical_cpus=2, strategy=TWO))
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    if TWO == "multi_worker":
        return of_all_replicas(BETWEEN_PROCESSES)
    return of_logical_cpus()


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    (path / "found.json").write_text(json.dumps(main()))
