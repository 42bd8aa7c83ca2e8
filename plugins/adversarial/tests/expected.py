"""Writes expected.json: what noise must cost a model that decides by the sign of one input.

With noise of s standard deviations a row at x keeps its sign with probability Phi(|x| / (s * std)).
Run with numpy and scipy 1.16.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import norm

rng = np.random.default_rng(3)
x = np.round(rng.normal(0, 2, 600), 4)
std = x.std(ddof=1)
expected = {
    "csv": "x,y\n" + "".join(f"{value},{int(value >= 0)}\n" for value in x),
    "accuracy": {str(level): float(norm.cdf(np.abs(x) / (level * std)).mean()) for level in (0.1, 0.5, 1.0)},
    # Steps of 0.1 standard deviations, at most 0.5: |x| < 0.5 std turns (a step over zero is needed).
    "turned": [int(np.floor(abs(value) / (0.1 * std)) + 1 <= 5) for value in x],
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected) + "\n")
