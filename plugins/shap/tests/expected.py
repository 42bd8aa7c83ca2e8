"""Writes expected.json: SHAP values of a made-up function. Run with shap 0.48 or later."""

import json
from pathlib import Path

import numpy as np
import shap

rng = np.random.default_rng(2)
background = np.round(rng.normal(0, 1, (20, 4)), 3)
rows = np.round(rng.normal(0, 1.5, (6, 4)), 3)


def model(x):
    """As in checks.rs: an interaction, a step, a square, and an input that does nothing."""
    return 1 / (1 + np.exp(-(x[:, 0] * x[:, 1] + np.where(x[:, 2] > 0.5, 1.5, -0.5) + 0.25 * x[:, 0] ** 2)))


explainer = shap.explainers.Exact(model, shap.maskers.Independent(background, max_samples=1000))
found = explainer(rows)
names = ["a", "b", "c", "d"]


def csv(matrix):
    return ",".join(names) + "\n" + "".join(",".join(repr(float(v)) for v in row) + "\n" for row in matrix)


expected = {
    "background": csv(background),
    "rows": csv(rows),
    "values": found.values.tolist(),
    "base": float(np.ravel(found.base_values)[0]),
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")
