"""Mends of Keras and TensorFlow that `fit` needs on several replicas.

Keras' TensorFlow trainer fails under
`tf.distribute.MultiWorkerMirroredStrategy`
(https://github.com/keras-team/keras/issues/20585), and under any strategy of
several replicas where the first batch has fewer examples for some of them. On
one device all stays as Keras has it.
"""

import functools

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import trainer
from tensorflow.python.framework import func_graph


def mend():
    """Mends `fit`, `evaluate` and `predict` on several replicas.

    Calling it again does nothing.

    >>> mend()
    """
    for owner, name, mended in PATCHES:
        stock = getattr(owner, name)
        if not hasattr(stock, "__wrapped__"):
            setattr(owner, name, functools.wraps(stock)(mended(stock)))


def _build_from_own_batch(stock):
    """Stock Keras takes the mean of the replicas' batches.

    It can't, over several workers or of unlike numbers of examples.
    """

    def build(self, iterator=None, data_batch=None):
        strategy = self.distribute_strategy
        if iterator is not None and strategy.num_replicas_in_sync > 1:
            _, _, batches = next(iter(iterator))
            data_batch = keras.tree.map_structure(
                lambda value: strategy.experimental_local_results(value)[0],
                next(batches),
            )
            iterator = None
        return stock(self, iterator, data_batch)

    return build


def _mean_of_scalars(stock):
    """Stock Keras takes the mean of a step's scalars over their axis 0.

    All in one collective operation, of which each costs a round trip.
    """

    def pack(*scalars):
        return tf.stack([tf.cast(scalar, tf.float64) for scalar in scalars])

    def reduce(values, strategy, reduction):
        of_several = tf.distribute.MultiWorkerMirroredStrategy
        if isinstance(strategy, of_several) and reduction in ("auto", "mean"):
            packed = strategy.run(pack, args=tuple(keras.tree.flatten(values)))
            means = strategy.reduce("MEAN", packed, axis=None)
            return keras.tree.pack_sequence_as(values, tf.unstack(means))
        return stock(values, strategy, reduction)

    return reduce


def _capture_outside_control_flow(stock):
    """With `steps_per_execution > 1` Keras calls a function in a branch.

    There TensorFlow never feeds the keys of the function's collective
    operations, as a branch isn't called: the function around it is.
    """

    def capture(self, *args, **kwargs):
        graph = self
        while getattr(graph, "is_control_flow_graph", False):
            graph = graph.outer_graph
        return stock(graph, *args, **kwargs)

    return capture


PATCHES = (
    (
        trainer.TensorFlowTrainer,
        "_maybe_symbolic_build",
        _build_from_own_batch,
    ),
    (trainer, "reduce_per_replica", _mean_of_scalars),
    (
        func_graph.FuncGraph,
        "capture_call_time_value",
        _capture_outside_control_flow,
    ),
)
