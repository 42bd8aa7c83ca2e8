"""Prints how long SciPy takes for the statistics of `benches/columns.rs`: 30,000 x 15, best of 5.

12 columns of numbers (KS, Wasserstein, and chi-square, PSI, Jensen-Shannon over ten quantile bins)
and 3 of categories (chi-square, PSI, Jensen-Shannon), then Benjamini-Hochberg. Reading, drawing and
looking up rows are not in it.
"""

import time

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp, wasserstein_distance

N = 30_000
rng = np.random.default_rng(1)
WORDS = ["red", "green", "blue", "white", "black"]


def table(shift):
    numbers = {f"number{k}": rng.normal(shift if k < 2 else 0, 1, N) for k in range(12)}
    words = {f"word{k}": pd.Categorical(rng.choice(WORDS, N), categories=WORDS) for k in range(3)}
    return pd.DataFrame({**numbers, **words})


def distances(r, c):
    p, q = np.maximum(r / r.sum(), 1e-4), np.maximum(c / c.sum(), 1e-4)
    psi = ((q - p) * np.log(q / p)).sum()
    return psi, jensenshannon(p, q, base=2), chi2_contingency([r, c], correction=False).pvalue


def check(train, current):
    p_values = []
    for name in train:
        left, right = train[name], current[name]
        if left.dtype == "category":
            counts = (side.value_counts(sort=False).to_numpy() for side in (left, right))
            p_values.append(distances(*counts)[2])
            continue
        left, right = left.to_numpy(), right.to_numpy()
        p_values.append(ks_2samp(left, right).pvalue)
        wasserstein_distance(left, right) / left.std(ddof=1)
        edges = np.quantile(left, np.arange(1, 10) / 10, method="inverted_cdf")
        distances(*(np.bincount(np.searchsorted(edges, side), minlength=10) for side in (left, right)))
    return false_discovery_control(p_values)


train, current = table(0.0), table(0.5)
times = []
for _ in range(5):
    start = time.perf_counter()
    check(train, current)
    times.append(time.perf_counter() - start)
print(f"scipy: {1000 * min(times):.1f} ms")
