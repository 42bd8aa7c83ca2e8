"""shap on the function of benches/shap.rs; prints the median of 5 runs in milliseconds."""

import time

import numpy as np
import shap

rng = np.random.default_rng(1)
rows, background = rng.normal(size=(10, 12)), rng.normal(size=(50, 12))


def model(x):
    return (x**2).sum(axis=1)


def median_ms(call):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e3 * sorted(times)[2]


masker = shap.maskers.Independent(background, max_samples=1000)
exact = shap.explainers.Exact(model, masker)
permutation = shap.PermutationExplainer(model, masker)
print(f"exact    {median_ms(lambda: exact(rows)):.1f} ms")
print(f"5 pairs  {median_ms(lambda: permutation(rows, max_evals=5 * 2 * 13, silent=True)):.1f} ms")
