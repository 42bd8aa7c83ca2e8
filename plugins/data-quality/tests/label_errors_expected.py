"""Writes label_errors_expected.json: what cleanlab flags on made-up probabilities.

Run with cleanlab 2.9 and numpy 2. Probabilities are rounded to six digits and the last one of each row
makes up the rest, so that the fixture holds them exactly.
"""

import json
from pathlib import Path

import numpy as np
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues

rng = np.random.default_rng(5)


def case(n, k, sharpness, noise, shares=None):
    true = rng.choice(k, n, p=shares)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), true] += sharpness
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p = p.round(6)
    p[:, -1] = (1 - p[:, :-1].sum(axis=1)).round(6).clip(0)
    labels = np.where(rng.random(n) < noise, rng.integers(0, k, n), true)
    ranked = find_label_issues(labels, p, return_indices_ranked_by="self_confidence", n_jobs=1)
    return {
        "n_classes": k,
        "labels": labels.tolist(),
        "probabilities": p.ravel().tolist(),
        "joint": compute_confident_joint(labels, p, calibrate=True).ravel().tolist(),
        "issues": ranked.tolist(),
    }


cases = [
    case(250, 2, 2.5, 0.1),
    case(250, 2, 0.7, 0.0, [0.9, 0.1]),
    case(300, 4, 3.0, 0.15),
    case(120, 5, 1.0, 0.3, [0.6, 0.2, 0.1, 0.08, 0.02]),
    case(40, 3, 2.0, 0.2),
]
Path(__file__).with_name("label_errors_expected.json").write_text(json.dumps(cases) + "\n")
