"""Epochs for TensorBoard."""

import keras
import tensorflow as tf

from kerasnotes.training.fit import nudging


class EpochLog(keras.callbacks.Callback):
    """Writes each epoch's metrics and learning rate for TensorBoard.

    Keras' own callback holds a summary writer open around every step, which
    costs a small model a sixth of its speed (`benchmarks/runner_cost.py`).

    Args:
        folder: where `train` and `dev` go.
    """

    def __init__(self, folder):
        super().__init__()
        self._folder = folder

    def on_train_begin(self, logs=None):
        self._writers = {
            side: tf.summary.create_file_writer(str(self._folder / side))
            for side in ("train", "dev")
        }

    def on_epoch_end(self, epoch, logs=None):
        rate = nudging.last_rate(self.model.optimizer)
        for name, value in {**logs, "learning_rate": rate}.items():
            side = "dev" if name.startswith("val_") else "train"
            with self._writers[side].as_default():
                # TensorBoard holds float32: what is beyond is infinite there.
                scalar = tf.constant(value, tf.float64)
                tf.summary.scalar(name.removeprefix("val_"), scalar, epoch + 1)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
