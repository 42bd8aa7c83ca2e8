"""Writes expected.json: what SciPy says of two made-up tables. Run with scipy 1.

PSI has no SciPy function; it is written out from its definition. Bins are those of the plugin:
edges are order statistics of the train rows, bin k holds edges[k-1] < x <= edges[k].
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp, wasserstein_distance

N_BINS, MIN_SHARE = 10, 1e-4
rng = np.random.default_rng(11)
n, m = 700, 650


def missing(values, share):
    return [None if rng.random() < share else value for value in values]


train = {
    "same": np.round(rng.normal(0, 1, n), 4),
    "shifted": np.round(rng.normal(10, 2, n), 4),
    "counts": rng.poisson(2, n),
    "holes": missing(np.round(rng.exponential(1, n), 4), 0.05),
    "kind": rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
    "moved": rng.choice(["x", "y", "z"], n, p=[0.6, 0.3, 0.1]),
}
current = {
    "same": np.round(rng.normal(0, 1, m), 4),
    "shifted": np.round(rng.normal(11, 2, m), 4),
    "counts": rng.poisson(2.3, m),
    "holes": missing(np.round(rng.exponential(1.1, m), 4), 0.25),
    "kind": rng.choice(["a", "b", "c"], m, p=[0.48, 0.32, 0.2]),
    "moved": rng.choice(["x", "y", "z"], m, p=[0.3, 0.4, 0.3]),
}


def csv(table):
    lines = [",".join(table)]
    lines += [",".join("" if v is None else str(v) for v in row) for row in zip(*table.values())]
    return "\n".join(lines) + "\n"


def distances(r, c):
    p, q = np.maximum(r / r.sum(), MIN_SHARE), np.maximum(c / c.sum(), MIN_SHARE)
    return {
        "psi": float(sum((b - a) * math.log(b / a) for a, b in zip(p, q))),
        "jensen_shannon": float(jensenshannon(r / r.sum(), c / c.sum(), base=2)),
        "chi_square": float(chi2_contingency([r, c], correction=False).statistic),
        "chi_square_p": float(chi2_contingency([r, c], correction=False).pvalue),
    }


def numeric(left, right):
    left, right = np.sort(left), np.sort(right)
    edges = []
    for k in range(1, N_BINS):
        edge = left[math.ceil(k / N_BINS * len(left)) - 1]
        if edge < left[-1] and (not edges or edge > edges[-1]):
            edges.append(edge)
    r = np.bincount(np.searchsorted(edges, left), minlength=len(edges) + 1)
    c = np.bincount(np.searchsorted(edges, right), minlength=len(edges) + 1)
    test = ks_2samp(left, right)
    return {
        "ks": float(test.statistic),
        "p": float(test.pvalue),
        "wasserstein": float(wasserstein_distance(left, right) / np.std(left, ddof=1)),
        **distances(r, c),
    }


columns = {}
for name in train:
    left = [v for v in train[name] if v is not None]
    right = [v for v in current[name] if v is not None]
    if isinstance(left[0], str):
        found = distances(*(np.array([list(side).count(v) for v in sorted(set(left))]) for side in (left, right)))
        columns[name] = {"p": found["chi_square_p"], **found}
    else:
        columns[name] = numeric(np.array(left, float), np.array(right, float))
corrected = false_discovery_control([column["p"] for column in columns.values()])
for column, p in zip(columns.values(), corrected):
    column["p_corrected"] = float(p)

gone = [sum(v is None for v in table["holes"]) for table in (train, current)]
expected = {
    "train": csv(train),
    "current": csv(current),
    "columns": columns,
    "missing_p": float(chi2_contingency([[gone[0], n - gone[0]], [gone[1], m - gone[1]]], correction=False).pvalue),
    "missing_change": gone[1] / m - gone[0] / n,
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")
