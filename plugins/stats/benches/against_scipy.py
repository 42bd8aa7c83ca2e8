"""Prints how long SciPy and scikit-learn take for the figures of `benches/stats.rs`, best of 5.

    python against_scipy.py      needs numpy, scipy, scikit-learn
"""

import time

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

N = 30_000
rng = np.random.default_rng(1)
left, right = rng.normal(0, 1, N), rng.normal(0.1, 1, N)
is_positive = right > 0.5
table = 1 + rng.integers(0, 500, (2, 100))


def best(name, run):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(f"{name:<48} {1000 * min(times):9.3f} ms")


best("Kolmogorov-Smirnov", lambda: stats.ks_2samp(left, right, method="asymp"))
best("Wasserstein", lambda: stats.wasserstein_distance(left, right))
best("ranks", lambda: stats.rankdata(left))
best("area under the curve (no interval)", lambda: roc_auc_score(is_positive, left))
best("chi-square of 2 x 100", lambda: stats.chi2_contingency(table, correction=False))
best("Benjamini-Hochberg of 1000", lambda: stats.false_discovery_control(np.arange(1, 1001) / 1000))
best(
    "200 bootstrap means of 30 000, with interval",
    lambda: stats.bootstrap((left,), np.mean, n_resamples=200, method="percentile", rng=1),
)
