"""Decoding inside TensorFlow's graphs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnotes import decoding

INT = tf.TensorSpec([], tf.int32)


class Counter(keras.layers.Layer):
    """A small recurrent model: the cache is a state `(b, W, 8)`."""

    def __init__(self):
        super().__init__()
        self.embedding = keras.layers.Embedding(11, 8)
        self.cell = keras.layers.GRUCell(8)
        self.head = keras.layers.Dense(11, kernel_initializer="orthogonal")
        self.build()

    def build(self):
        self.embedding.build()
        self.cell.build((None, 8))
        self.head.build((None, 8))

    def step(self, tokens, position, cache):
        ops = keras.ops
        shape = ops.shape(cache)
        x = ops.reshape(self.embedding(tokens), (-1, 8))
        _, (state,) = self.cell(x, [ops.reshape(cache, (-1, 8))])
        return 6 * self.head(ops.reshape(state, shape)), ops.reshape(
            state, shape
        )

    def search(self, seen, steps, width, alpha=0.7):
        """Search from states that say the same number in every place."""
        batch = keras.ops.shape(seen)[0]
        cache = keras.ops.broadcast_to(seen[:, None, None], (batch, width, 8))
        start = keras.ops.ones((batch,), "int32")
        return decoding.beam_search(
            self.step, cache, start, steps, width, alpha
        )


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return Counter()


@pytest.fixture(scope="module")
def seen():
    return tf.constant(np.linspace(-1, 1, 6), tf.float32)


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_everything_unknown(model, seen):
    """The batch, the width and the steps are known only in the graph."""
    search = tf.function(
        model.search,
        input_signature=[tf.TensorSpec([None]), INT, INT, tf.TensorSpec([])],
    )
    for steps, width, alpha in [(7, 3, 0.7), (4, 1, 0.0), (5, 20, 1.0)]:
        found = search(seen, steps, width, alpha)
        expected = model.search(seen, steps, width, alpha)
        assert len(np.unique(expected.tokens[:, 0], axis=0)) > 1
        assert_same(found, expected)


def test_unknown_batch_keeps_static_shapes(model):
    graph = tf.function(lambda seen: model.search(seen, 5, 3))
    found = graph.get_concrete_function(tf.TensorSpec([None]))
    shapes = [tuple(x.shape) for x in found.structured_outputs]
    assert shapes == [(None, 3, 5), (None, 3), (None, 3), (None, 3)]


def test_xla(model, seen):
    compiled = tf.function(
        lambda seen: model.search(seen, 6, 4), jit_compile=True
    )
    assert_same(compiled(seen), model.search(seen, 6, 4))


def test_saved_model(model, seen, tmp_path):
    """A signature takes the width and α, and a batch of any size."""

    def serve(seen, width, alpha):
        return model.search(seen, 6, width, alpha)._asdict()

    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec([None]), INT, tf.TensorSpec([])]
    archive.add_endpoint("serve", serve, input_signature=signature)
    archive.write_out(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    for width, alpha in [(1, 0.0), (4, 0.7), (15, 1.0)]:
        for part in (seen[:1], seen):
            found = loaded.serve(
                part, tf.constant(width), tf.constant(alpha, tf.float32)
            )
            expected = model.search(part, 6, width, alpha)
            assert_same(decoding.Hypotheses(**found), expected)


def test_stops_early(trees):
    """No step is taken once the best answer can't be overtaken."""
    models = trees(0, 5, 4, 6)
    models.logits[:, 0] = [0, 0, 9, 0]
    models.logits[1:4, 0] = [0, 0, 1, 0]
    taken = []

    def step(tokens, position, cache):
        taken.append(int(position))
        return models.step(tokens, position, cache)

    def steps(alpha):
        taken.clear()
        decoding.beam_search(step, models.cache(2), models.start(), 6, 2, alpha)
        return len(taken)

    assert steps(0.0) < steps(2.0) <= 6
    models.logits[:, 0] = [0, 0, 20, 0]
    assert steps(1.0) == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_single_in_graphs(trees, compiled):
    """Greedy decoding and sampling are the same as outside.

    XLA draws other numbers from the same seed.
    """
    models = trees(8, 30, 5, 4)
    start = (models.step, models.cache(1), models.start(), models.steps)
    ways = [
        lambda: decoding.greedy(*start),
        lambda: decoding.sample(*start, 1e-6 if compiled else 1, 4, 0.9, 3),
    ]
    for way in ways:
        graph = tf.function(way, jit_compile=compiled)
        assert_same(graph(), way())


def test_seed_generator_goes_on_in_a_graph(trees):
    models = trees(8, 30, 5, 4)
    seed = keras.random.SeedGenerator(1)
    graph = tf.function(
        lambda: decoding.sample(
            models.step, models.cache(1), models.start(), 4, seed=seed
        )
    )
    assert np.any(graph().tokens != graph().tokens)
