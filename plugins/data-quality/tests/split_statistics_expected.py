"""Writes split_statistics_expected.json: what scipy and scikit-learn say of a made-up split. Run with scipy 1.16."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2, chi2_contingency, fisher_exact, ks_2samp, norm, spearmanr
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(8)


def table(n, share, flip):
    y = (rng.random(n) < share).astype(int)
    town = rng.choice(["Ulm", "Jena", "Kiel"], n)
    leak = y + rng.normal(0, 0.15, n)
    score = np.round(rng.normal(0, 1, n) + (-y if flip else y), 3)
    age = rng.integers(18, 80, n)
    price = np.round(3 * score + rng.normal(0, 2, n), 3)
    y = np.where((town == "Ulm") & flip & (rng.random(n) < 0.5), 1, y)
    return pd.DataFrame({"town": town, "leak": leak.round(3), "score": score, "age": age, "price": price, "y": y})


train, test = table(500, 0.3, False), table(240, 0.45, True)


def text(frame):
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def woolf():
    odds, weights = [], []
    for town in sorted(train["town"].unique()):
        a, c = (frame[frame["town"] == town]["y"].eq(1).sum() + 0.5 for frame in (train, test))
        b, d = (frame[frame["town"] == town]["y"].eq(0).sum() + 0.5 for frame in (train, test))
        odds.append(np.log(c * b / (d * a)))
        weights.append(1 / (1 / a + 1 / b + 1 / c + 1 / d))
    odds, weights = np.array(odds), np.array(weights)
    mean = (odds * weights).sum() / weights.sum()
    return float(chi2.sf((weights * (odds - mean) ** 2).sum(), len(odds) - 1))


counts = pd.crosstab(np.r_[np.zeros(500), np.ones(240)], np.r_[train["y"], test["y"]]).to_numpy()
towns = pd.crosstab(np.r_[np.zeros(500), np.ones(240)], np.r_[train["town"], test["town"]]).to_numpy()
spearman = [spearmanr(frame["score"], frame["price"]).statistic for frame in (train, test)]
variance = [(1 + r**2 / 2) / (len(frame) - 3) for r, frame in zip(spearman, (train, test))]
expected = {
    "train": text(train),
    "test": text(test),
    "p_y": float(fisher_exact(counts).pvalue),
    "p_town": float(chi2_contingency(towns, correction=False).pvalue),
    "p_age": float(ks_2samp(train["age"], test["age"], method="asymp").pvalue),
    "ks_age": float(ks_2samp(train["age"], test["age"]).statistic),
    "auc_change": float(roc_auc_score(test["y"], test["score"]) - roc_auc_score(train["y"], train["score"])),
    "p_woolf": woolf(),
    "spearman_change": float(spearman[1] - spearman[0]),
    "p_spearman": float(2 * norm.sf(abs((np.arctanh(spearman[1]) - np.arctanh(spearman[0])) / np.sqrt(sum(variance))))),
}
Path(__file__).with_name("split_statistics_expected.json").write_text(json.dumps(expected, indent=1) + "\n")
