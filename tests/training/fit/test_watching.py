"""What `--watch` is given to look at."""

import keras
import numpy as np
import pytest

from kerasnotes import errors
from kerasnotes.data.texts import pair_batches
from kerasnotes.training.fit import monitors, watching


def test_a_whole_set_is_one_batch_or_refused():
    pairs = [[5, 6], [7]], [[8], [9]], ["a", "b"]
    split = pair_batches.PairSplit(*pairs)
    assert watching.watcher("cost", split, 1, None).costs == []
    split = pair_batches.PairSplit(*pairs, batch_tokens=5)
    with pytest.raises(errors.UserError, match="--batch_tokens is too small"):
        watching.watcher("cost", split, 1, None)


@pytest.mark.parametrize(
    "rate, told",
    [(0.1, "smooth descent"), (1.1, "divergence"), (0.0, "plateau")],
)
@pytest.mark.filterwarnings("ignore:the cost")
def test_the_cost_ends_in_a_verdict(rate, told):
    one = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input([1]), one])
    model.compile(keras.optimizers.SGD(rate), "mse", jit_compile=False)
    x, y = np.ones([4, 1]), np.zeros([4, 1])
    monitor = monitors.CostMonitor(x, y)
    # With J = w² the steps are w ← (1 - 2α) w.
    model.fit(x, y, epochs=4, batch_size=4, verbose=0, callbacks=[monitor])
    costs = [(1 - 2 * rate) ** (2 * t) for t in range(5)]
    np.testing.assert_allclose(monitor.costs, costs, rtol=1e-5)
    (text,) = watching.findings(monitor)
    assert f"; {told}: " in text
