"""What a second worker brings: examples a second of two over those of one.

    python -m benchmarks.scaling [--workers=2] [--batch=64,256]
        [--steps=300] [--rounds=5] [--augment=none,light]

LeNet-5 on random pictures of 32×32, compiled as the trainer does and learned
by `fit`, so many examples a step for each worker, without augmentation and
with it. Every worker is a process that is held to one core. They take turns
in each round, in three situations:

- alone: one worker, which is one device to itself;
- apart: all workers at once, each learning a model of its own; what they lose
  here the machine takes (caches, memory, clock rate);
- together: all workers as one run, by TF_CONFIG on 127.0.0.1.

It prints, as medians of the rounds, examples a second of all workers, the
milliseconds of a step and those of a worker's CPU in it, which neighbours on
the machine disturb less; how many times the examples a second of one alone
the two others make, and would by the CPU's time; and the share of a step
together in which a collective is under way. That is measured, by the clock
before and after each all-reduce in the step's graph, waiting for the slower
worker included. The step together less the step apart is the whole of what
running together costs. The first steps of every turn are left out.
"""

import argparse
import contextlib
import functools
import itertools
import json
import multiprocessing
import os
import socket
import time

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.distribute import cross_device_utils

from kerasnotes.data.pictures import batches as picture_batches
from kerasnotes.data.pictures import examples
from kerasnotes.tasks import classify
from kerasnotes.training.distribute import strategies, workers
from kerasnotes.training.fit import compiling

GOAL = 1.7
WARM = 20
SHAPE, SIZE = (32, 32, 1), 8192
PATIENCE = 300  # Seconds until a worker counts as hung.


def main():
    """Print a table for each batch size and augmentation."""
    parser = argparse.ArgumentParser()
    for name, default in {"workers": 2, "steps": 300, "rounds": 5}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--batch", default="64,256")
    parser.add_argument("--augment", default="none,light")
    args = parser.parse_args()
    print(f"LeNet-5, {args.workers} workers of one core each, goal {GOAL}")
    batches = [int(size) for size in args.batch.split(",")]
    for batch, augment in itertools.product(batches, args.augment.split(",")):
        with started(args, batch, augment) as pipes:
            rounds = measure(pipes, args)
        print(f"\nbatches of {batch} a worker, augment {augment}")
        print(table(rounds, batch, args), flush=True)


@contextlib.contextmanager
def started(args, batch, augment):
    """Yield the pipes to the workers: of each alone, and of all together."""
    spawn = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < args.workers:
        raise SystemExit(f"--workers={args.workers}: only {len(cores)} cores")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(args.workers)]
    pipes, children = ([], []), []
    for together, i in itertools.product((False, True), range(args.workers)):
        told = {"cluster": {"worker": addresses}}
        told["task"] = {"type": "worker", "index": i}
        size = batch * args.workers if together else batch
        ours, theirs = spawn.Pipe()
        given = theirs, cores[i], told if together else None, size, augment
        # They end with this process, at the latest after their turn.
        child = spawn.Process(target=work, args=given, daemon=True)
        child.start()
        theirs.close()
        pipes[together].append(ours)
        children.append(child)
    try:
        yield pipes
    finally:
        for child in children:
            child.kill()


def free_ports(count):
    """Return so many ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    [each.close() for each in sockets]
    return ports


def measure(pipes, args):
    """Return what each round's turn took, by the situation."""
    apart, together = pipes
    situations = {"alone": apart[:1], "apart": apart, "together": together}
    for those in situations.values():
        turn(those, WARM + 1)  # Traces the graphs.
    found = {name: [] for name in situations}
    for i in range(args.rounds):
        for name in list(situations)[:: 1 if i % 2 else -1]:
            found[name].append(turn(situations[name], WARM + args.steps))
    return found


def turn(pipes, steps):
    """Has these workers take so many steps; returns what each took."""
    try:
        for pipe in pipes:
            pipe.send(steps)
        if all(pipe.poll(PATIENCE) for pipe in pipes):
            return [pipe.recv() for pipe in pipes]
    except (EOFError, BrokenPipeError):
        raise SystemExit("a worker is gone; it says why") from None
    raise SystemExit(f"a worker hasn't answered for {PATIENCE} s")


def table(rounds, batch, args):
    """Return the lines to print of one batch size and augmentation."""
    lines = [f"{'':10}{'examples/s':>12}{'ms a step':>12}{'CPU ms':>10}"]
    # Of each round, what all workers do in a second; seconds of a step.
    speed, step = {}, {}
    for name, turns in rounds.items():
        taken = [np.array(turn) / args.steps for turn in turns]
        speed[name] = np.array([(batch / t[:, 0]).sum() for t in taken])
        step[name] = np.median([t.mean(0) for t in taken], 0)
        lines.append(
            f"{name:10}{np.median(speed[name]):12,.0f}"
            f"{1000 * step[name][0]:12.2f}{1000 * step[name][1]:10.2f}"
        )
    for name in ("apart", "together"):
        ratios = speed[name] / speed["alone"]
        by_cpu = args.workers * step["alone"][1] / step[name][1]
        lines.append(
            f"{name}: {np.median(ratios):.2f} times one alone "
            f"({min(ratios):.2f} to {max(ratios):.2f}), {by_cpu:.2f} by the CPU"
        )
    wall, _, inside = 1000 * step["together"]
    more = wall - 1000 * step["apart"][0]
    lines.append(
        f"collectives: {inside / wall:.1%} of a step together, {inside:.2f} "
        f"ms; together less apart: {more:.2f} ms"
    )
    return "\n".join(lines)


def work(pipe, core, told, batch, augment):
    """Run in a worker: learns as many steps as the pipe says, each time."""
    os.sched_setaffinity(0, {core})
    if told:
        os.environ["TF_CONFIG"] = json.dumps(told)
    config = classify.Config(batch_size=batch, augment=augment)
    compiling.configure(config)
    clock = CollectiveClock()
    task, facts, data = problem(config)
    strategy = strategies.strategy(config.strategy)
    with strategy.scope():
        model, metrics = task.model(facts), task.metrics(facts, {})
        steps = SIZE // batch
        compiling.compile(model, task.loss(facts), metrics, config, steps)

    make = functools.partial(data.training_batches, batch, 0, 0, 0, 10**6)
    with contextlib.suppress(EOFError):
        while True:
            steps = pipe.recv()
            stopwatch = Stopwatch(steps, clock)
            model.fit(
                strategies.batches(strategy, make),
                steps_per_epoch=steps,
                verbose=0,
                shuffle=False,
                callbacks=[stopwatch],
            )
            pipe.send(stopwatch.taken)


def problem(config):
    """Return the task, facts and a training split of random pictures."""
    rng = np.random.default_rng(0)
    facts = {"train": SIZE, "input_shape": SHAPE, "mean": [127], "std": [74]}
    facts["classes"] = list("0123456789")
    images = rng.integers(0, 256, (SIZE, *SHAPE), np.uint8)
    labels, ids = rng.integers(0, 10, SIZE), list(map(str, range(SIZE)))
    pictures = examples.Examples(images, labels, ids, facts["classes"])
    task = classify.Classify(config)
    split = picture_batches.ImageSplit(pictures, np.arange(SIZE), task.policy())
    return task, facts, split


class Stopwatch(keras.callbacks.Callback):
    """Times all but the first steps; like the runner has workers agree."""

    def __init__(self, steps, clock):
        super().__init__()
        self._steps, self._clock, self._began = steps, clock, 0

    def on_train_batch_end(self, batch, logs=None):
        step = batch + 1
        if workers.may_agree(step, 1):
            workers.any_of(False)
        if step in (WARM, self._steps):
            now = time.perf_counter(), time.process_time(), self._clock.seconds
            self.taken, self._began = np.array(now) - self._began, now


class CollectiveClock:
    """Adds up the seconds in which an all-reduce is under way.

    One that waits for another counts from the other's end. Deterministic
    TensorFlow refuses `tf.timestamp`.
    """

    def __init__(self):
        self.seconds = self._ended = 0.0
        launcher = cross_device_utils.CollectiveReplicaLauncher
        stock = launcher.all_reduce

        def timed(replica, tensor, *args, **kwargs):
            with tf.control_dependencies([tensor]):
                began = tf.numpy_function(time.perf_counter, [], tf.float64)
            with tf.control_dependencies([began]):
                reduced = stock(replica, tf.identity(tensor), *args, **kwargs)
            with tf.control_dependencies([reduced]):
                tf.numpy_function(self._end, [began], tf.float64)
            return reduced

        launcher.all_reduce = timed

    def _end(self, began):
        now = time.perf_counter()
        self.seconds += now - max(began, self._ended)
        self._ended = now
        return now


if __name__ == "__main__":
    main()
