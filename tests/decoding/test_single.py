import keras
import numpy as np
import pytest
import scipy.stats

from kerasnotes import decoding

LOGITS = np.array([0.3, 2.0, 1.1, -0.5, 1.9, -np.inf, 0.0, 1.0], "float32")


def arrays(found):
    return decoding.Hypotheses(*map(keras.ops.convert_to_numpy, found))


def draw(logits, count, **options):
    """Return `count` tokens drawn from the same logits."""

    def step(tokens, position, cache):
        shape = (count, 1, len(logits))
        return keras.ops.broadcast_to(logits, shape), cache

    start = np.ones(count, "int32")
    return arrays(decoding.sample(step, (), start, 1, **options))


def chances(temperature=1.0, top_k=None, top_p=None):
    """Return the probabilities as the papers say them."""
    p = np.exp(LOGITS.astype("float64") / temperature)
    p /= p.sum()
    order = np.argsort(-p)
    if top_k is not None:
        p[order[top_k:]] = 0
        p /= p.sum()
    if top_p is not None:
        size = next(
            n for n in range(1, len(p) + 1) if p[order[:n]].sum() >= top_p
        )
        p[order[size:]] = 0
    return p / p.sum()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.5},
        {"temperature": 3.0},
        {"top_k": 3},
        {"top_k": 99},
        {"top_p": 0.6},
        {"top_p": 1.0},
        {"top_p": 0.01},
        {"temperature": 1.5, "top_k": 5, "top_p": 0.8},
    ],
    ids=str,
)
def test_frequencies(options):
    count = 40_000
    tokens = draw(LOGITS, count, seed=0, **options).tokens.ravel()
    found = np.bincount(tokens, minlength=len(LOGITS))
    expected = count * chances(**options)
    possible = expected > 0
    assert not found[~possible].any()
    test = scipy.stats.chisquare(found[possible], expected[possible])
    assert possible.sum() == 1 or test.pvalue > 1e-3


def test_steps_are_drawn_apart(trees):
    """Two tokens have the probability of the first times the second's."""
    models = trees(0, 1, 3, 2)
    models.logits = np.repeat(models.logits, 40_000, axis=0)
    found = arrays(
        decoding.sample(models.step, models.cache(1), models.start(), 2, seed=4)
    )
    told = [tuple(row) for row in found.tokens[:, 0].tolist()]
    rows = list(models.only([0]).sequences(0))
    counts = [told.count((*tokens, 0)[:2]) for tokens, *_ in rows]
    assert sum(counts) == len(told)
    expected = [len(told) * np.exp(total) for _, total, _ in rows]
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3
    for tokens, total, _ in rows:
        (places,) = np.nonzero([t == (*tokens, 0)[:2] for t in told])
        np.testing.assert_allclose(found.log_probs[places], total, rtol=1e-4)


@pytest.mark.parametrize(
    "options", [{"top_k": 1}, {"temperature": 1e-6}, {"top_p": 1e-6}], ids=str
)
def test_sharpened_to_greedy(trees, options):
    models = trees(1, 100, 5, 4)
    start = (models.step, models.cache(1), models.start(), 4)
    greedy = arrays(decoding.greedy(*start))
    drawn = arrays(decoding.sample(*start, seed=0, **options))
    for a, b in zip(greedy, drawn, strict=True):
        np.testing.assert_array_equal(a, b)


def test_greedy(trees):
    models = trees(2, 100, 5, 4)
    found = arrays(
        decoding.greedy(models.step, models.cache(1), models.start(), 4, 0.9)
    )
    table = models.log_probs()
    for example in range(len(models)):
        node, total, tokens = 0, 0.0, []
        while len(tokens) < 4 and 2 not in tokens:
            tokens.append(int(table[example, node].argmax()))
            total += table[example, node, tokens[-1]]
            node = 5 * node + tokens[-1] + 1
        length = found.lengths[example, 0]
        assert found.tokens[example, 0, :length].tolist() == tokens
        assert not found.tokens[example, 0, length:].any()
        np.testing.assert_allclose(found.log_probs[example], [total], 1e-4)
        score = total / len(tokens) ** 0.9
        np.testing.assert_allclose(found.scores[example], [score], 1e-4)


def test_greedy_takes_the_lowest_of_equal_tokens(trees):
    models = trees(0, 1, 5, 2)
    models.logits[0, 0] = [0, 1, 0, 1, 1]
    models.logits[0, 2] = [0, 0, 0, 3, 3]
    found = decoding.greedy(models.step, models.cache(1), models.start(), 2)
    assert arrays(found).tokens.tolist() == [[[1, 3]]]


def test_dead_ends_have_no_tokens(trees):
    models = trees(0, 2, 4, 3)
    models.logits[0] = -np.inf
    start = (models.step, models.cache(1), models.start(), 3)
    for found in (decoding.greedy(*start), decoding.sample(*start, seed=0)):
        found = arrays(found)
        assert not found.tokens[0].any()
        assert found.lengths[0] == 0
        assert found.scores[0] == -np.inf
        assert found.lengths[1] > 0


def test_seeds(trees):
    models = trees(3, 50, 5, 4)

    def tokens(seed):
        start = (models.step, models.cache(1), models.start(), 4)
        return arrays(decoding.sample(*start, seed=seed)).tokens

    np.testing.assert_array_equal(tokens(1), tokens(1))
    assert np.any(tokens(1) != tokens(2))
    assert np.any(tokens(None) != tokens(None))
    generator = keras.random.SeedGenerator(1)
    assert np.any(tokens(generator) != tokens(generator))


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"temperature": float("nan")},
        {"top_k": 0},
        {"top_p": 0},
        {"top_p": 1.1},
    ],
    ids=str,
)
def test_wrong_arguments(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        draw(LOGITS, 1, **options)
