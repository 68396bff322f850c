"""The learning itself: fit, from wherever the run was."""

import dataclasses
import functools
import math
import signal

import keras

from kerasnotes import errors
from kerasnotes.training.distribute import replicas, strategies, workers
from kerasnotes.training.fit import (
    callbacks,
    compiling,
    profiling,
    tensorboard,
    watching,
    xla,
)
from kerasnotes.training.run import command


def learn(task, run, data, repeat=None):
    """Trains to the end, from wherever the run was, and decides on dev.

    Args:
        task: the `SupervisedTask`.
        run: the `Run`, its folder open and locked.
        data: the `Data`.
        repeat: a function of the training split, as the model that is trained
            takes it, that returns another; None for the same.

    Returns:
        The `Trained`, with the best weights.
    """
    config, logs = run.config, run.folder / "logs"
    steps = steps_per_epoch(data.splits, config)
    profiler = profiling.profiler(config.profile, steps, logs)
    with xla.explain_errors(config), profiler as more:
        model, learner, train_data, first_loss = prepare(task, run, data)
        # Every worker has read what was there.
        workers.check_alike(
            {name: split.size for name, split in data.splits.items()},
            f"--dataset={config.dataset}: the workers have read sets of "
            "different sizes; give all of them the same files",
        )
        # From here on the folder is this run's: the flags have proved good.
        run.folder.begin(
            config, train_data.facts, batch_size(train_data.splits, config)
        )
        splits = train_data.splits
        if workers.is_chief() and repeat is None:
            task.show_data(run, data)
        if repeat:
            splits = splits | {"train": repeat(splits["train"])}
        state = fit(learner, run, splits, [*run.watchers, *more])
        state["first_loss"] = first_loss
    if learner.distribute_strategy is not strategies.strategy("one_device"):
        model = strategies.on_one_device(model)
    result = task.Trained(model, train_data.facts, {}, state)
    dev = data.splits["dev"]
    answers = task.answers(result, dev)
    decisions = task.decide(result, answers, config.selection())
    run.folder.keep_decisions(decisions)
    return dataclasses.replace(
        result, decisions=decisions, answered=((dev, answers),)
    )


def prepare(task, run, data):
    """Return the model, what is trained of it, that model's data, its loss.

    The loss is the untrained model's on a batch of dev. What is trained is
    compiled; nothing is learned yet.

    Args:
        task: the `SupervisedTask`.
        run: the `Run`.
        data: the `Data`.

    Raises:
        UserError: a flag that only data and model can refuse.
    """
    config, splits = run.config, data.splits
    compiling.check_optimizer(config)
    # Here, because reading data may draw from the same generators.
    keras.utils.set_random_seed(config.seed)
    strategy = strategies.strategy(config.strategy)
    replicas.check(config, strategy)
    with strategy.scope():
        model = task.model(data.facts)
    data = task.training_data(run, model, data)
    steps = steps_per_epoch(data.splits, config)
    with strategy.scope():
        learner = task.training_model(model)
        metrics = task.metrics(data.facts, {})
        compiling.compile(
            learner, task.loss(data.facts), metrics, config, steps
        )
    penalty = next((n for n in ("l1", "l2") if getattr(config, n)), None)
    if penalty and not learner.losses:
        raise errors.UserError(
            f"--{penalty}={getattr(config, penalty):g}: {learner.name} has no "
            "penalty on its weights; leave the flag out"
        )
    # One batch makes the metrics, which then have names and variables; what
    # is traced for it serves the epochs too.
    batches = data.splits["dev"].evaluation_batches(config.batch_size)
    values = learner.evaluate(batches.take(1), verbose=0, return_dict=True)
    selection = config.selection()
    selection.check(values)
    weighted = [name for name in values if name.startswith("weighted_")]
    if weighted and selection.weights.keys().isdisjoint(weighted):
        print(
            f"examples weigh in the loss and in {weighted[0]}, but epochs are "
            f"chosen by --optimize={selection.optimize}, where each counts "
            "alike"
        )
    strategies.tell_batch_size(
        config, batch_size(splits, config), splits["train"].size
    )
    sizes = ", ".join(f"{s.size:,} {name}" for name, s in splits.items())
    print(f"{learner.name}: {_parameters(model)}; {sizes}")
    return model, learner, data, float(values["loss"])


def _parameters(model):
    count = f"{model.count_params():,} parameters"
    if all(layer.trainable for layer in model.layers):
        return count
    learn = sum(math.prod(v.shape) for v in model.trainable_variables)
    return f"{count}, of which {learn:,} learn"


def batch_size(splits, config):
    """Return the examples of a step: `--batch_size`, or what a split makes."""
    train = splits["train"]
    size = strategies.training_batch(config, train.size)
    if hasattr(train, "examples_per_step"):
        return train.examples_per_step(size)
    return size


def steps_per_epoch(splits, config):
    """Return the whole batches of the training set."""
    train = splits["train"]
    steps = train.steps(strategies.training_batch(config, train.size))
    if not steps:
        raise errors.UserError(
            f"--batch_size={config.batch_size}: the training set has only "
            f"{train.size} examples; give a smaller batch"
        )
    return steps


def fit(model, run, splits, watchers=()):
    """Trains `model` up to its best weights; returns the final state.

    Args:
        model: what `prepare` compiled.
        run: the `Run`.
        splits: the data as it takes them.
        watchers: Keras callbacks beside the engine's own.
    """
    config, folder = run.config, run.folder
    steps = steps_per_epoch(splits, config)
    batch_size = strategies.training_batch(config, splits["train"].size)
    store = run.checkpoints
    keeper = callbacks.Keeper(folder, store, config.selection(), steps, config)
    keeper.set_model(model)
    signal.signal(signal.SIGTERM, keeper.ask_to_stop)
    begun = _resume(keeper, store)
    if begun:
        print(begun)
    # After the keeper, which takes the averages before they are put back.
    averaged = config.weight_average is not None
    averaging = [keras.callbacks.SwapEMAWeights()] if averaged else []
    watcher = watching.watcher(
        config.watch, splits["train"], config.batch_size, folder / "logs/norms"
    )
    watchers = [*watchers, *([watcher] if watcher else [])]
    if keeper.stopped and keeper.state["epoch"] < config.epochs:
        print(
            f"stopped after epoch {keeper.state['epoch']} and stays so: by "
            "--early_stop, or by nudge.json until that says stop is false"
        )
    while keeper.state["epoch"] < config.epochs and not keeper.stopped:
        epoch, step = keeper.state["epoch"], keeper.state["step"]
        compiling.keep_together(model, config, steps - step)
        model.fit(
            strategies.batches(
                model.distribute_strategy,
                functools.partial(
                    splits["train"].training_batches,
                    batch_size,
                    config.seed,
                    epoch,
                    step,
                    config.epochs,
                ),
            ),
            initial_epoch=epoch,
            # An epoch that was cut is finished by itself.
            epochs=epoch + 1 if step else config.epochs,
            steps_per_epoch=steps - step,
            validation_data=splits["dev"].evaluation_batches(config.batch_size),
            verbose=0,
            shuffle=False,
            callbacks=[
                callbacks.Guard(steps, step),
                # Before the keeper, which may end the process.
                tensorboard.EpochLog(folder / "logs"),
                keeper,
                *averaging,
                *watchers,
                callbacks.Progress(
                    config.epochs, steps, config.selection().metric, step
                ),
            ],
        )
        if keeper.state["epoch"] < config.epochs and not keeper.stopped:
            _resume(keeper, store)
    # What is left to do can be done again: no state to save.
    signal.signal(signal.SIGTERM, command.stop)
    # It may have come after the last epoch's end.
    keeper.stop_if_asked()
    best = store.load_best(keeper.state)
    try:
        model.set_weights(list(best.values()))
    except ValueError as error:
        raise errors.UserError(
            f"{store.folder / keeper.state['best_file']}: weights of another "
            "model; restore the file, or --overwrite"
        ) from error
    findings = watching.findings(watcher)
    if config.watch != "gradients":
        # Gradients were printed when they were checked.
        print(*findings, sep="\n", end="\n" * bool(findings))
    return keeper.state | {"findings": findings}


def _resume(keeper, store):
    checkpoint = store.load_last()
    workers.check_alike(
        checkpoint and (checkpoint[1]["epoch"], checkpoint[1]["step"]),
        "--run_dir: the workers don't see the same run; give a folder that "
        "all of them can read",
    )
    if checkpoint is None:
        return None
    values, state, path = checkpoint
    keeper.resume(values, state, path)
    return f"going on from {path}, after {keeper.place}"
