"""Texts → their n-grams, in processes apart, and in shards where memory does not hold all."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from sentiment.features import Incidence, NGrams
from sentiment.features.rows import runs
from sentiment.features.shard import Shard
from sentiment.reviews import sizes_of
from sentiment.spill import Spill
from sentiment.training.run import Run
from sentiment.worker import Pool, Worker, default_workers

# From so many characters on, a second process that finds the n-grams while this one imports Keras
# is done sooner, although it has to be started and be told the texts.
_WORTH_A_PROCESS = 4_000_000
_WITH_FEWER = "run it again, with fewer reviews or less --memory if that is short"

# Of each character, so many features that are made of words, each pair of feature and review
# counted once; and so many of each length of runs of characters.
_OF_WORDS, _OF_RUNS = 0.7, 0.8


def featurize(texts: Sequence[str], ngrams: NGrams, min_count: int, run: Run) -> Incidence:
    """Find the n-grams of all reviews.

    Args:
        texts: the reviews.
        ngrams: which n-grams to look for.
        min_count: n-grams that fewer reviews hold are left out, where that is known already.
        run: how much memory there is; and who is told how far it is.
    """
    sizes = sizes_of(texts)
    shortest, longest = ngrams.characters
    pairs = sizes * (_OF_WORDS + _OF_RUNS * (longest - shortest + 1 if longest else 0))
    if pairs.sum() > run.memory.pairs:
        processes = default_workers()
        offsets = np.concatenate(([0], np.cumsum(pairs)))
        parts = runs(offsets, run.memory.pairs_of_shard(processes))
        return _sharded(texts, ngrams, parts, processes, run)
    if sizes.sum() < _WORTH_A_PROCESS:
        return Incidence.of(texts, ngrams, min_count)
    with Worker(Incidence.of, _WITH_FEWER) as worker:
        incidence: Incidence = worker.call(texts[:], ngrams, min_count)
    return incidence


def _sharded(
    texts: Sequence[str], ngrams: NGrams, parts: Iterator[slice], processes: int, run: Run
) -> Incidence:
    """Find the n-grams of some reviews at a time, and put them into a file.

    What few reviews hold has to stay: other shards may have more of it.
    """
    spill, shards = Spill(), []
    pool = Pool(Shard.of, processes, _WITH_FEWER)
    try:
        found = (pool.submit(texts[part], ngrams, 1, 1) for part in parts)
        ahead = deque(islice(found, processes))
        while ahead:
            shard = ahead.popleft().result()
            ahead.extend(islice(found, 1))
            shards.append(shard.spilled(spill))
            run.progress.featurized(sum(map(len, shards)), len(texts))
    finally:
        pool.close()
    return Incidence(ngrams, shards)
