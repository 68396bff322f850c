"""What `--watch` is given to look at."""

import pytest

from kerasnotes import errors
from kerasnotes.data.texts import pair_batches
from kerasnotes.training.fit import watching


def test_a_whole_set_is_one_batch_or_refused():
    pairs = [[5, 6], [7]], [[8], [9]], ["a", "b"]
    split = pair_batches.PairSplit(*pairs)
    assert watching.watcher("cost", split, 1, None).costs == []
    split = pair_batches.PairSplit(*pairs, batch_tokens=5)
    with pytest.raises(errors.UserError, match="--batch_tokens is too small"):
        watching.watcher("cost", split, 1, None)
