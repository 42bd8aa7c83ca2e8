"""Writes expected.json: what Fairlearn says of a made-up table. Run with fairlearn 0.15."""

import json
from pathlib import Path

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from scipy.stats import binomtest

rng = np.random.default_rng(5)
n = 900
group = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
truth = rng.integers(0, 2, n)
score = np.round(np.clip(0.25 + 0.4 * truth + rng.normal(0, 0.2, n) - 0.12 * (group == "b"), 0, 1), 3)
chosen = (score >= 0.5).astype(int)

frame = MetricFrame(
    metrics={"selection": selection_rate, "true_positive": true_positive_rate, "false_positive": false_positive_rate},
    y_true=truth, y_pred=chosen, sensitive_features=group,
)
wilson = {}
for name in "abc":
    rows = group == name
    found = binomtest(int(chosen[rows].sum()), int(rows.sum())).proportion_ci(method="wilson")
    wilson[name] = [found.low, found.high]
given = {"y_true": truth, "y_pred": chosen, "sensitive_features": group}
expected = {
    "csv": "group,score,y\n" + "".join(f"{g},{s},{t}\n" for g, s, t in zip(group, score, truth)),
    "difference": demographic_parity_difference(**given),
    "ratio": demographic_parity_ratio(**given),
    "odds_difference": equalized_odds_difference(**given),
    "odds_ratio": equalized_odds_ratio(**given),
    "rates": {name: frame.by_group.loc[name].to_dict() for name in "abc"},
    "wilson": wilson,
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")
