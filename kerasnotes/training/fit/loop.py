"""The learning itself: fit, from wherever the run was."""

import functools
import math
import signal

import keras

from kerasnotes import errors
from kerasnotes.training.distribute import replicas, strategies, workers
from kerasnotes.training.fit import (
    callbacks,
    checkpoints,
    compiling,
    profiling,
    tensorboard,
    watching,
    xla,
)
from kerasnotes.training.run import command


def learn(task, folder, splits, chooser, watchers=(), asked=None, seen=None):
    """Trains to the end, from wherever the run was, and chooses on dev.

    Args:
        task: the `Task`.
        folder: its `RunFolder`, open and locked.
        splits: the data.
        chooser: the `Selection`.
        watchers: more Keras callbacks.
        asked: the Config that the user gave, where reading the data has
            changed the task's.
        seen: the data as the model that is trained takes them, where they
            aren't what the task's `learned_from` gives.

    Returns:
        `(model, state)`: the whole model with its best weights, compiled to
        be evaluated, and the final state of the run.
    """
    # What a run that goes on had chosen, it chose for other weights.
    task.chosen = {}
    seen = seen or task.learned_from(splits)
    config, logs = task.config, folder / "logs"
    steps = steps_per_epoch(seen, config)
    profiler = profiling.profiler(config.profile, steps, logs)
    with xla.explain_errors(config), profiler as more:
        trained = prepare(task, seen, chooser)
        # Every worker has read what was there.
        workers.check_alike(
            {name: split.size for name, split in splits.items()},
            f"--dataset={config.dataset}: the workers have read sets of "
            "different sizes; give all of them the same files",
        )
        # From here on the folder is this run's: the flags have proved good.
        folder.begin(asked or config, task.facts)
        watchers = [*watchers, *more]
        state = fit(task, trained, folder, seen, chooser, watchers)
    model = task.whole(trained)
    if trained.distribute_strategy is not strategies.strategy("one_device"):
        model = strategies.on_one_device(model)
    if model is not trained:
        compiling.compile_to_evaluate(model, task)
    task.chosen = task.choose(model, splits["dev"], chooser)
    folder.keep_chosen(task.chosen)
    return model, state


def prepare(task, splits, chooser):
    """Returns the compiled model; nothing is learned yet.

    Raises:
        UserError: a flag that only data and model can refuse.
    """
    config = task.config
    steps = steps_per_epoch(splits, config)
    compiling.check_optimizer(config)
    # Here, because reading data may draw from the same generators.
    keras.utils.set_random_seed(config.seed)
    strategy = strategies.strategy(config.strategy)
    replicas.check(config, strategy)
    with strategy.scope():
        model = task.model()
        compiling.compile(model, task, config, steps)
    # One batch makes the metrics, which then have names and variables.
    x, y, w = next(iter(splits["dev"].evaluation_batches(config.batch_size)))
    names = model.test_on_batch(x, y, w, return_dict=True)
    chooser.check(names)
    weighted = [name for name in names if name.startswith("weighted_")]
    if weighted and chooser.optimize not in weighted:
        print(
            f"examples weigh in the loss and in {weighted[0]}, but epochs are "
            f"chosen by --optimize={chooser.optimize}, where each counts alike"
        )
    sizes = ", ".join(f"{s.size:,} {name}" for name, s in splits.items())
    print(f"{model.name}: {_parameters(task.whole(model))}; {sizes}")
    return model


def _parameters(model):
    count = f"{model.count_params():,} parameters"
    if all(layer.trainable for layer in model.layers):
        return count
    learn = sum(math.prod(v.shape) for v in model.trainable_variables)
    return f"{count}, of which {learn:,} learn"


def steps_per_epoch(splits, config):
    """Returns the whole batches of the training set."""
    steps = splits["train"].steps(config.batch_size)
    if not steps:
        raise errors.UserError(
            f"--batch_size={config.batch_size}: the training set has only "
            f"{splits['train'].size} examples; give a smaller batch"
        )
    return steps


def fit(task, model, folder, splits, chooser, watchers=()):
    """Trains `model` up to its best weights; returns the final state.

    Args:
        task: the `Task`.
        model: the compiled model of `prepare`.
        folder: the `RunFolder`.
        splits: the data.
        chooser: the `Selection`.
        watchers: more Keras callbacks.
    """
    config = task.config
    steps = steps_per_epoch(splits, config)
    store = checkpoints.Checkpoints(folder / "checkpoints")
    keeper = callbacks.Keeper(folder, store, chooser, steps, config)
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
        task.fit(
            model,
            strategies.batches(
                model.distribute_strategy,
                functools.partial(
                    splits["train"].training_batches,
                    config.batch_size,
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
                callbacks.Progress(config.epochs, steps, config.optimize, step),
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
    keeper.state["found"] = watching.findings(watcher)
    return keeper.state


def _resume(keeper, store):
    found = store.load_last()
    workers.check_alike(
        found and (found[1]["epoch"], found[1]["step"]),
        "--run_dir: the workers don't see the same run; give a folder that "
        "all of them can read",
    )
    if found is None:
        return None
    values, state, path = found
    keeper.resume(values, state, path)
    return f"going on from {path}, after {keeper.place}"
