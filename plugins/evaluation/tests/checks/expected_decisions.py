"""Writes expected_decisions.json: what scikit-learn, scipy and numpy say of decisions and errors.

Reads the tables of expected.json. Run with scikit-learn 1.7, pandas 2, scipy 1.16, numpy 2.
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn import metrics

fixtures = json.loads(Path(__file__).with_name("expected.json").read_text())


def table(name):
    return pd.read_csv(io.StringIO(fixtures[name]["test"]))


# Decisions of two and of three classes.


def wilson(k, n, level):
    if n == 0:
        return None
    ends = stats.binomtest(int(k), int(n)).proportion_ci(confidence_level=level, method="wilson")
    return [float(ends.low), float(ends.high)]


def confusion(truth, decided, names, min_rows=30):
    counts = metrics.confusion_matrix(truth, decided, labels=range(len(names)))
    precision, recall, f1, n_true = metrics.precision_recall_fscore_support(
        truth, decided, labels=range(len(names)), zero_division=0
    )
    level = 1 - 0.05 / (2 * (n_true >= min_rows).sum())
    classes = {}
    for k, name in enumerate(names):
        right, decided_as = counts[k, k], counts[:, k].sum()
        either = wilson(right, n_true[k] + decided_as - right, level)
        classes[name] = {
            "recall": [float(recall[k])] + wilson(right, n_true[k], level),
            "precision": [float(precision[k])] + wilson(right, decided_as, level),
            "f1": [float(f1[k])] + [2 * j / (1 + j) for j in either],
            "decided_to_true": float(decided_as / n_true[k]),
        }
    return {"level": level, "counts": counts.tolist(), "classes": classes}


two = table("binary")
y, p = (two["y"] == "yes").to_numpy(), two["score"].to_numpy()
three = table("multiclass")
names = ["hi", "lo", "mid"]
y3 = three["y"].map(names.index).to_numpy()
p3 = three[["p0", "p1", "p2"]].to_numpy()

# The best threshold by each criterion, among all that make different decisions.


def cost(truth, decided):
    return float((((~truth) & decided) * 1.0 + (truth & ~decided) * 5.0).mean())


candidates = np.append(np.unique(p), np.nextafter(p.max(), 2))
criteria = {
    "mcc": metrics.matthews_corrcoef,
    "f1": lambda truth, decided: metrics.f1_score(truth, decided, zero_division=0),
    "balanced-accuracy": metrics.balanced_accuracy_score,
    "youden": lambda truth, decided: 2 * metrics.balanced_accuracy_score(truth, decided) - 1,
    "cost": lambda truth, decided: -cost(truth, decided),
}
thresholds = {}
for name, score in criteria.items():
    scores = np.array([score(y, p >= t) for t in candidates])
    best = candidates[scores > scores.max() - 1e-12]
    thresholds[name] = {
        "best_threshold": float(best[np.abs(best - 0.5).argmin()]),
        "at_best": abs(float(scores.max())),
        "in_use": abs(float(score(y, p >= 0.5))),
    }
# The same maxima by scikit-learn's own curves.
precision, recall, _ = metrics.precision_recall_curve(y, p)
assert abs(np.nanmax(2 * precision * recall / (precision + recall)) - thresholds["f1"]["at_best"]) < 1e-12
false_positive, true_positive, _ = metrics.roc_curve(y, p, drop_intermediate=False)
assert abs((true_positive - false_positive).max() - thresholds["youden"]["at_best"]) < 1e-12

# Errors of predicted numbers.

numbers = table("regression")
t, q = numbers["y"].to_numpy(), numbers["pred"].to_numpy()
errors = q - t
mean_interval = stats.t.interval(0.95, len(errors) - 1, loc=errors.mean(), scale=stats.sem(errors))
center = np.median(errors)
robust = 1.482602218505602 * stats.median_abs_deviation(errors)
n_far = int((np.abs(errors - center) > 6 * robust).sum())
tenths = np.searchsorted(np.percentile(q, np.arange(10, 100, 10), method="inverted_cdf"), q)
groups = [errors[tenths == k] for k in range(10)]
levene = stats.levene(*groups, center="median")


def log_ratio(a, b):
    def part(x):
        return np.log(x.std(ddof=1)), (stats.kurtosis(x, fisher=False) - 1) / (4 * len(x))

    (one, u), (two, v) = part(a), part(b)
    half = stats.norm.ppf(0.975) * np.sqrt(u + v)
    return [float(np.exp(one - two)), float(np.exp(one - two - half)), float(np.exp(one - two + half))]


def explained(groups):
    """Share of the squared error around its mean that bin means explain, on the same rows."""
    within = sum(((g - g.mean()) ** 2).sum() for g in groups)
    return float(1 - within / ((errors - errors.mean()) ** 2).sum())


regression = {
    "mean_error": [float(errors.mean()), float(mean_interval[0]), float(mean_interval[1])],
    "rmse": metrics.root_mean_squared_error(t, q),
    "bias": float(errors.mean() / metrics.root_mean_squared_error(t, q)),
    "median_error": float(center),
    "skewness": float(stats.skew(errors)),
    "excess_kurtosis": float(stats.kurtosis(errors)),
    "far": [n_far / len(errors)] + wilson(n_far, len(errors), 0.95),
    "decile_means": [float(g.mean()) for g in groups],
    "spread_p_value": float(levene.pvalue),
    "spread_ratio": log_ratio(groups[9], groups[0]),
    "eta_squared": explained(groups),
}

# Confidence: the power to which probabilities would have to be taken, by maximum likelihood.

logs = np.log(p3)


def loss(beta):
    margins = beta[0] * logs
    return -(margins[np.arange(len(y3)), y3] - np.logaddexp.reduce(margins, axis=1)).sum()


power = optimize.minimize(loss, [1.0], method="BFGS", options={"gtol": 1e-9}).x[0]
given = np.exp(power * logs) / np.exp(power * logs).sum(axis=1, keepdims=True)
information = ((given * logs**2).sum(axis=1) - ((given * logs).sum(axis=1)) ** 2).sum()
half = stats.norm.ppf(0.975) / np.sqrt(information)


def confidence_gap(probability, is_right):
    gaps = probability - is_right
    ends = stats.t.interval(0.95, len(gaps) - 1, loc=gaps.mean(), scale=stats.sem(gaps))
    return [float(gaps.mean()), float(ends[0]), float(ends[1])]


confidence = {
    "slope": [float(power), float(power - half), float(power + half)],
    "multiclass_gap": confidence_gap(p3.max(axis=1), p3.argmax(axis=1) == y3),
    "binary_gap": confidence_gap(np.where(p >= 0.5, p, 1 - p), (p >= 0.5) == y),
}

expected = {
    "binary": confusion(y.astype(int), (p >= 0.5).astype(int), ["no", "yes"]),
    "multiclass": confusion(y3, p3.argmax(axis=1), names),
    "thresholds": thresholds,
    "regression": regression,
    "confidence": confidence,
}
Path(__file__).with_name("expected_decisions.json").write_text(json.dumps(expected, indent=1) + "\n")
