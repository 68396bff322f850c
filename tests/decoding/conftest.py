"""Models by table: every prefix has logits of its own."""

import keras
import numpy as np
import pytest

END = 2


class Trees:
    """As many random models as there are examples, all prefixes apart.

    Prefixes are numbered as the nodes of a tree: after node n the token k
    leads to `n × vocabulary + k + 1`. The cache holds the node, and what
    led there, so that it must be reordered rightly.
    """

    def __init__(self, seed, examples, vocabulary, steps, spread=1.5):
        rng = np.random.default_rng(seed)
        self.vocabulary, self.steps = vocabulary, steps
        nodes = sum(vocabulary**t for t in range(steps))
        shape = (examples, nodes, vocabulary)
        self.logits = rng.normal(0, spread, shape).astype("float32")

    def __len__(self):
        return len(self.logits)

    def only(self, rows):
        """Return some of the examples."""
        part = object.__new__(Trees)
        part.__dict__ = self.__dict__ | {"logits": self.logits[rows]}
        return part

    def start(self):
        return np.ones(len(self), "int32")

    def cache(self, width):
        ops = keras.ops
        trail = ops.zeros((len(self), width, self.steps, 1), "int32")
        return {"trail": (trail,), "none": ()}

    def step(self, tokens, position, cache):
        """Find the node from the trail of tokens, then its logits."""
        ops = keras.ops
        (trail,) = cache["trail"]
        here = ops.arange(self.steps) == position
        trail = ops.where(here[:, None], tokens[..., None, None], trail)
        node = ops.zeros_like(tokens)
        for t in range(1, self.steps):
            below = node * self.vocabulary + trail[:, :, t, 0] + 1
            node = ops.where(t <= position, below, node)
        nodes = self.logits.shape[1]
        table = ops.reshape(ops.array(self.logits), (-1, self.vocabulary))
        rows = ops.arange(len(self), dtype="int32")[:, None] * nodes
        logits = ops.take(table, rows + node, axis=0)
        return logits, {"trail": (trail,), "none": ()}

    def log_probs(self):
        """Return float64 log probabilities `(examples, nodes, tokens)`."""
        logits = self.logits.astype("float64")
        largest = logits.max(-1, keepdims=True)
        largest[~np.isfinite(largest)] = 0
        with np.errstate(divide="ignore", invalid="ignore"):
            sums = np.log(np.exp(logits - largest).sum(-1, keepdims=True))
            found = logits - largest - sums
        return np.where(np.isneginf(logits), -np.inf, found)

    def sequences(self, example):
        """Yield all sequences: tokens, log P, and whether they end."""
        table = self.log_probs()[example]

        def below(tokens, node, total):
            for token in range(self.vocabulary):
                gained = total + table[node, token]
                now = (*tokens, token)
                if gained == -np.inf:
                    continue
                if token == END or len(now) == self.steps:
                    yield now, gained, token == END
                else:
                    after = node * self.vocabulary + token + 1
                    yield from below(now, after, gained)

        return below((), 0, 0.0)

    def exhaustive(self, example, alpha):
        """Return all sequences: finished, score, tokens, log P; best first."""
        found = [
            (ends, total / len(tokens) ** alpha, tokens, total)
            for tokens, total, ends in self.sequences(example)
        ]
        return sorted(found, key=lambda row: row[:2], reverse=True)


@pytest.fixture(scope="session")
def trees():
    return Trees
