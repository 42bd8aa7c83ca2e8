"""Writes relations_expected.json: what numpy, pandas, scipy and scikit-learn say of made-up columns.

Run with numpy 2, pandas 2 or 3, scipy 1.16 and scikit-learn 1.8. Tables are rounded so that the text
of the fixture holds them exactly.
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import f1_score, mutual_info_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(7)
n = 400

plain = rng.normal(50, 10, n).round(2)
linked = (plain * 1.5 + rng.normal(0, 20, n)).round(1)
twin = (plain * 2 + rng.normal(0, 2, n)).round(2)
tail = rng.lognormal(3, 1, n).round(3)
town = rng.choice(["Ulm", "Jena", "Kiel", "Bonn"], n, p=[0.7, 0.15, 0.1, 0.05])
size = np.where(town == "Ulm", plain, plain + 12).round(2)
shop = np.where(rng.random(n) < 0.9, town, "Ulm")
frame = pd.DataFrame(
    {
        "plain": plain,
        "linked": linked,
        "twin": twin,
        "tail": tail,
        "size": size,
        "town": town,
        "shop": shop,
        "count": rng.poisson(0.8, n),
        "y": np.where(plain + rng.normal(0, 6, n) > 62, "yes", "no"),
    }
)
frame.loc[rng.random(n) < 0.1, "linked"] = np.nan
frame.loc[rng.random(n) < 0.05, "shop"] = np.nan
buffer = io.StringIO()
frame.to_csv(buffer, index=False, lineterminator="\n")
frame = pd.read_csv(io.StringIO(buffer.getvalue()))
numeric = ["plain", "linked", "twin", "tail", "size", "count"]


def outliers(x):
    x = x.dropna().to_numpy()
    q1, q3 = np.quantile(x, [0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    mad = stats.median_abs_deviation(x) / stats.norm.ppf(0.75)
    z = (x - np.median(x)) / mad
    outside = (x < low) | (x > high)
    return {"fences": float(outside.mean()), "z": float((outside & (abs(z) > 3.5)).mean())}


def correlation(a, b):
    both = frame[[a, b]].dropna()
    return {
        "pearson": float(stats.pearsonr(both[a], both[b]).statistic),
        "spearman": float(stats.spearmanr(both[a], both[b]).statistic),
        "n": len(both),
    }


def cramers_v(a, b):
    table = pd.crosstab(frame[a], frame[b]).to_numpy()
    total = table.sum()
    phi2 = stats.chi2_contingency(table, correction=False).statistic / total
    r, k = table.shape
    phi2 = max(0.0, phi2 - (k - 1) * (r - 1) / (total - 1))
    r, k = r - (r - 1) ** 2 / (total - 1), k - (k - 1) ** 2 / (total - 1)
    return float(np.sqrt(phi2 / min(k - 1, r - 1)))


def correlation_ratio(category, number):
    both = frame[[category, number]].dropna()
    mean = both[number].mean()
    groups = both.groupby(category)[number]
    between = (groups.size() * (groups.mean() - mean) ** 2).sum()
    return float(np.sqrt(between / ((both[number] - mean) ** 2).sum()))


def fisher(r, n, variance):
    half = stats.norm.ppf(0.975) * np.sqrt(variance / (n - 3))
    return [float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))]


def imbalance(x):
    share = x.value_counts(normalize=True)
    return float(1 - stats.entropy(share, base=2) / np.log2(len(share)))


# The predictive power score on given folds, with the expectation of the random baseline.
target = (frame["y"] == "yes").astype(int).to_numpy()
split = StratifiedKFold(4, shuffle=True, random_state=3)
folds = np.zeros(n, dtype=int)
for fold, (_, test) in enumerate(split.split(np.zeros(n), target)):
    folds[test] = fold


class Given:
    def split(self, X, y=None, groups=None):
        return [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(4)]

    def get_n_splits(self, *_):
        return 4


def class_power(x):
    tree = DecisionTreeClassifier(random_state=0)
    score = cross_val_score(tree, x.reshape(-1, 1), target, cv=Given(), scoring="f1_weighted").mean()
    share = np.bincount(target) / n
    constant = f1_score(target, np.full(n, share.argmax()), average="weighted")
    baseline = max(constant, float((share**2).sum()))
    return {"model": float(score), "baseline": float(baseline), "score": max(0.0, float((score - baseline) / (1 - baseline)))}


def number_power(x, y):
    tree = DecisionTreeRegressor(random_state=0)
    scores = cross_val_score(tree, x.reshape(-1, 1), y, cv=Given(), scoring="neg_mean_absolute_error")
    baseline = float(np.abs(y - np.median(y)).mean())
    return {"model": float(-scores.mean()), "baseline": baseline, "score": max(0.0, 1 + float(scores.mean()) / baseline)}


# Whole numbers, which single precision holds: scikit-learn's trees cut there.
steps = np.round(plain).astype(float)
codes = frame["town"].map({"Ulm": 0, "Jena": 1, "Kiel": 2, "Bonn": 3}).to_numpy()
deciles = np.quantile(plain, np.arange(1, 10) / 10, method="inverted_cdf")

ratio_n, ratio_k = int((target == 1).sum()), int((target == 0).sum())
few, many = min(ratio_n, ratio_k), max(ratio_n, ratio_k)
wilson = stats.binomtest(few, few + many).proportion_ci(method="wilson")
expected = {
    "table": buffer.getvalue(),
    "skew": {name: float(frame[name].skew()) for name in numeric},
    "zeros": float((frame["count"] == 0).mean()),
    "outliers": {name: outliers(frame[name]) for name in numeric},
    "correlation": {f"{a} ~ {b}": correlation(a, b) for a in numeric for b in numeric if a < b},
    "fisher": {
        "pearson": fisher(0.5, 40, 1),
        "spearman": fisher(-0.8, 25, 1 + 0.8**2 / 2),
    },
    "cramers_v": cramers_v("town", "shop"),
    "correlation_ratio": {name: correlation_ratio("town", name) for name in numeric},
    "imbalance": {name: imbalance(frame[name]) for name in ["town", "shop"]},
    "class_ratio": few / many,
    "class_ratio_interval": [wilson.low / (1 - wilson.low), wilson.high / (1 - wilson.high)],
    "folds": folds.tolist(),
    "target": target.tolist(),
    "steps": steps.tolist(),
    "town_codes": codes.tolist(),
    "power_steps": class_power(steps),
    "power_count": class_power(frame["count"].to_numpy(dtype=float)),
    "power_town": class_power(codes.astype(float)),
    "power_number": number_power(steps, twin),
    "twin": twin.tolist(),
    "auc": float(roc_auc_score(target, plain)),
    "information_town": float(mutual_info_score(target, codes)),
    "information_plain": float(mutual_info_score(target, np.searchsorted(deciles, plain, side="left"))),
}
Path(__file__).with_name("relations_expected.json").write_text(json.dumps(expected, indent=1) + "\n")
