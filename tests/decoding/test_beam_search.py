import math

import keras
import numpy as np
import pytest

from kerasnotes import decoding

ALPHAS = [0.0, 0.7, 1.0]
END = 2


def search(trees, width, alpha=0.7, **options):
    """Return the hypotheses as arrays."""
    found = decoding.beam_search(
        trees.step,
        trees.cache(width),
        trees.start(),
        trees.steps,
        width,
        alpha,
        **options,
    )
    return decoding.Hypotheses(*map(keras.ops.convert_to_numpy, found))


def tokens_of(found, example, place=0):
    length = found.lengths[example, place]
    assert not found.tokens[example, place, length:].any()
    return tuple(found.tokens[example, place, :length].tolist())


def by_hand(trees, example, width, alpha, early=True):
    """Search by the rules, in float64 and plain Python.

    Returns:
        Rows of finished, score, tokens, log P; the best first.
    """
    table, steps = trees.log_probs()[example], trees.steps
    finished, opened = [], [((), 0, 0.0)]
    for t in range(steps):
        free = width - len(finished)
        after = [
            (total + table[node, token], (*tokens, token), node, token)
            for tokens, node, total in opened
            for token in range(trees.vocabulary)
            if total + table[node, token] > -math.inf
        ]
        after = sorted(after, key=lambda row: -row[0])[:free]
        opened = []
        for total, tokens, node, token in after:
            if token == END:
                score = total / (t + 1) ** alpha
                finished.append((True, score, tokens, total))
            else:
                node = node * trees.vocabulary + token + 1
                opened.append((tokens, node, total))
        hope = max((total for *_, total in opened), default=-math.inf)
        best = max((score for _, score, *_ in finished), default=-math.inf)
        if not opened or (early and best >= hope / steps**alpha):
            break
    cut = [
        (False, total / len(tokens) ** alpha, tokens, total)
        for tokens, _, total in opened
    ]
    return sorted(finished + cut, key=lambda row: row[:2], reverse=True)


def assert_equal(found, example, rows):
    """Compare all hypotheses of an example with rows."""
    count = len(rows)
    places = range(found.scores.shape[1])
    told = [tokens_of(found, example, place) for place in places]
    assert told == [row[2] for row in rows] + [()] * (len(told) - count)
    np.testing.assert_allclose(
        found.log_probs[example, :count], [row[3] for row in rows], rtol=1e-4
    )
    np.testing.assert_allclose(
        found.scores[example, :count], [row[1] for row in rows], rtol=1e-4
    )
    assert np.all(np.isneginf(found.log_probs[example, count:]))
    assert np.all(np.isneginf(found.scores[example, count:]))
    assert not found.lengths[example, count:].any()


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(
    ("vocabulary", "steps", "width"), [(3, 5, 70), (4, 4, 130), (6, 3, 160)]
)
def test_wide_beam_is_exhaustive(trees, vocabulary, steps, width, alpha):
    """Hundreds of models, each with its own best of all sequences."""
    models = trees(vocabulary, 100, vocabulary, steps)
    found = search(models, width, alpha)
    for example in range(len(models)):
        _, score, tokens, total = models.exhaustive(example, alpha)[0]
        assert tokens_of(found, example) == tokens
        assert found.log_probs[example, 0] == pytest.approx(total, rel=1e-4)
        assert found.scores[example, 0] == pytest.approx(score, rel=1e-4)


@pytest.mark.parametrize("alpha", [*ALPHAS, 2.5])
@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_narrow_beam_keeps_the_rules(trees, width, alpha):
    models = trees(width, 60, 5, 4)
    found = search(models, width, alpha)
    for example in range(len(models)):
        assert_equal(found, example, by_hand(models, example, width, alpha))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_early_stop_keeps_the_best(trees, alpha):
    models = trees(0, 100, 5, 4)
    models.logits[..., END] += 1
    found = search(models, 4, alpha)
    stopped = 0
    for example in range(len(models)):
        late = by_hand(models, example, 4, alpha, early=False)
        assert tokens_of(found, example) == late[0][2]
        stopped += late != by_hand(models, example, 4, alpha)
    assert stopped > 10


def test_cache_must_follow(trees):
    """The models above tell a cache that isn't reordered."""
    models = trees(5, 60, 5, 4)
    right = search(models, 3)
    wrong = search(models, 3, reorder=lambda cache, parents: cache)
    assert np.any(right.tokens[:, 0] != wrong.tokens[:, 0])


def test_answers_do_not_depend_on_the_batch(trees):
    models = trees(1, 40, 4, 4)
    together = search(models, 3)
    for rows in ([0], [7, 39], slice(10, 30)):
        apart = search(models.only(rows), 3)
        for whole, part in zip(together, apart, strict=True):
            np.testing.assert_allclose(whole[rows], part, rtol=1e-5)


def test_width_one_is_greedy(trees):
    models = trees(2, 200, 5, 4)
    models.logits[:50, :, END] = -np.inf
    models.logits[50:70, 3] = -np.inf
    greedy = decoding.greedy(
        models.step, models.cache(1), models.start(), models.steps
    )
    beam = search(models, 1)
    greedy = decoding.Hypotheses(*map(keras.ops.convert_to_numpy, greedy))
    np.testing.assert_array_equal(greedy.tokens, beam.tokens)
    np.testing.assert_array_equal(greedy.lengths, beam.lengths)
    np.testing.assert_allclose(greedy.log_probs, beam.log_probs, rtol=1e-6)
    np.testing.assert_allclose(greedy.scores, beam.scores, rtol=1e-6)


def test_impossible_tokens(trees):
    """Dead ends, and prefixes after which few tokens are possible."""
    models = trees(3, 100, 4, 4)
    rng = np.random.default_rng(3)
    models.logits[rng.uniform(size=models.logits.shape) < 0.4] = -np.inf
    models.logits[rng.uniform(size=models.logits.shape[:2]) < 0.2] = -np.inf
    models.logits[:3, 0] = -np.inf
    found = search(models, 130)
    dead = 0
    for example in range(len(models)):
        rows = models.exhaustive(example, 0.7)
        dead += not rows
        if rows:
            assert tokens_of(found, example) == rows[0][2]
        assert_equal(found, example, by_hand(models, example, 130, 0.7))
    assert 3 <= dead < 50


@pytest.mark.parametrize("alpha", ALPHAS)
def test_end_impossible(trees, alpha):
    """All sequences are cut off, and ranked all the same."""
    models = trees(4, 20, 4, 3)
    models.logits[..., END] = -np.inf
    found = search(models, 30, alpha)
    for example in range(len(models)):
        rows = models.exhaustive(example, alpha)
        assert len(rows) == 27
        assert_equal(found, example, rows)


def test_one_step(trees):
    models = trees(6, 20, 5, 1)
    found = search(models, 5)
    for example in range(len(models)):
        assert_equal(found, example, models.exhaustive(example, 0.7))


def test_greedy_errs_where_a_beam_does_not(trees):
    """The likeliest token, 0, leads to many ends, none of them likely."""
    models = trees(0, 1, 4, 2)
    models.logits[0, 0] = np.log([0.5, 0.1, 1e-9, 0.4])
    models.logits[0, 1] = np.log([0.2, 0.2, 0.3, 0.3])
    models.logits[0, 4] = np.log([0.01, 0.01, 0.97, 0.01])
    assert tokens_of(search(models, 1), 0) == (0, END)
    assert tokens_of(search(models, 2), 0) == (3, END)


def test_finished_keeps_its_slot(trees):
    """END comes second, and both slots would else go to likelier ones."""
    models = trees(0, 1, 4, 2)
    models.logits[0, 0] = np.log([0.8, 0.05, 0.1, 0.05])
    models.logits[0, 1] = np.log([0.4, 0.4, 1e-9, 0.2])
    found = search(models, 2, alpha=1.0)
    assert [tokens_of(found, 0, place) for place in (0, 1)] == [(2,), (0, 0)]
    np.testing.assert_allclose(
        np.exp(found.log_probs), [[0.1, 0.8 * 0.4]], rtol=1e-5
    )


def test_ties_go_to_lower_hypotheses_then_lower_tokens(trees):
    models = trees(0, 2, 5, 2)
    models.logits[:] = 0.0
    # The second example: slots 0 and 1 are tokens 4 and 0.
    models.logits[1, 0] = [1, 0, -9, 0, 2]
    found = search(models, 3, alpha=1.0)
    assert [tokens_of(found, 0, p) for p in range(3)] == [(2,), (0, 0), (0, 1)]
    assert [tokens_of(found, 1, p) for p in range(3)] == [
        (4, 2),
        (4, 0),
        (4, 1),
    ]


def test_half_precision_is_summed_in_float32(trees):
    models = trees(7, 20, 5, 4)
    models.logits = models.logits.astype("float16").astype("float32")

    def step(tokens, position, cache):
        logits, cache = models.step(tokens, position, cache)
        return keras.ops.cast(logits, "float16"), cache

    found = decoding.beam_search(
        step, models.cache(3), models.start(), models.steps, 3
    )
    expected = search(models, 3)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), b)


@pytest.mark.parametrize(
    "arguments", [{"width": 0}, {"steps": 0}, {"alpha": -0.1}]
)
def test_wrong_arguments(trees, arguments):
    models = trees(0, 1, 3, 1)
    given = {"steps": 1, "width": 1, "alpha": 0.7} | arguments
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        decoding.beam_search(
            models.step, models.cache(1), models.start(), **given
        )
