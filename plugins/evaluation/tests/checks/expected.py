"""Writes expected.json: what scikit-learn, scipy and numpy say of made-up rows and predictions.

Run with scikit-learn 1.7, pandas 2, scipy 1.16, numpy 2.
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression, Ridge

rng = np.random.default_rng(17)


def text(frame):
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def inputs(n):
    frame = pd.DataFrame(
        {
            "age": np.round(rng.normal(40, 12, n), 0),
            "income": np.round(np.exp(rng.normal(3, 0.6, n)), 2),
            "housing": rng.choice(["own", "rent", "free"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    frame.loc[rng.random(n) < 0.1, "income"] = np.nan
    return frame


def signal(frame):
    income = frame["income"].fillna(20)
    return 0.05 * (frame["age"] - 40) + 0.04 * (income - 22) + 1.2 * (frame["housing"] == "own") - 0.8


def expit(x):
    return 1 / (1 + np.exp(-x))


# Two classes. The score is over-confident and rounded, so that there are ties.


def binary(n):
    frame = inputs(n)
    frame["y"] = np.where(rng.random(n) < expit(signal(frame)), "yes", "no")
    frame["score"] = np.round(expit(1.8 * signal(frame) + rng.normal(0, 0.8, n)), 3).clip(0.001, 0.999)
    return frame


train, test = binary(600), binary(400)
y, p = (test["y"] == "yes").to_numpy(), test["score"].to_numpy()
d = p >= 0.5
binary_figures = {
    "roc_auc": metrics.roc_auc_score(y, p),
    "accuracy": metrics.accuracy_score(y, d),
    "balanced_accuracy": metrics.balanced_accuracy_score(y, d),
    "f1": metrics.f1_score(y, d),
    "precision": metrics.precision_score(y, d),
    "recall": metrics.recall_score(y, d),
    "average_precision": metrics.average_precision_score(y, p),
    "log_loss": metrics.log_loss(y, p),
    "brier": metrics.brier_score_loss(y, p),
    "mcc": metrics.matthews_corrcoef(y, d),
}
y_train, p_train = (train["y"] == "yes").to_numpy(), train["score"].to_numpy()


def bootstrap(statistic, n_resamples=4000):
    """scipy.stats.bootstrap cannot draw within classes: percentiles of own draws, for a rough comparison."""
    drawn = []
    for _ in range(n_resamples):
        rows = np.concatenate([rng.choice(np.flatnonzero(y == k), (y == k).sum()) for k in (False, True)])
        drawn.append(statistic(y[rows], p[rows]))
    return [float(np.std(drawn)), float(np.mean(drawn))]


binary_errors = {
    "average_precision": bootstrap(metrics.average_precision_score)[0],
    "log_loss": bootstrap(metrics.log_loss)[0],
    "brier": bootstrap(metrics.brier_score_loss)[0],
    "mcc": bootstrap(lambda y, p: metrics.matthews_corrcoef(y, p >= 0.5))[0],
    "f1": bootstrap(lambda y, p: metrics.f1_score(y, p >= 0.5))[0],
}


# Calibration.


def calibration(n_bins, strategy):
    """calibration_curve gives means; the rows of each bin come from the same edges."""
    observed, predicted = calibration_curve(y, p, n_bins=n_bins, strategy=strategy)
    edges = np.linspace(0, 1, n_bins + 1) if strategy == "uniform" else np.percentile(p, np.linspace(0, 100, n_bins + 1))
    counts = np.bincount(np.searchsorted(edges[1:-1], p), minlength=n_bins)
    return observed, predicted, counts[counts > 0]


def cox(is_free):
    """Maximum likelihood by scipy, variances from the inverse Hessian."""
    logit = np.log(p / (1 - p))

    def loss(beta):
        margin = beta[0] + (beta[1] if is_free else 1) * logit
        return np.sum(np.logaddexp(0, np.where(y, -margin, margin)))

    def gradient(beta):
        margin = beta[0] + (beta[1] if is_free else 1) * logit
        residual = expit(margin) - y
        return np.array([residual.sum(), (residual * logit).sum()][: len(beta)])

    start = [0.0, 1.0] if is_free else [0.0]
    beta = optimize.minimize(loss, start, jac=gradient, method="BFGS", options={"gtol": 1e-10}).x
    weight = expit(beta[0] + (beta[1] if is_free else 1) * logit)
    weight = weight * (1 - weight)
    columns = np.column_stack([np.ones_like(logit), logit])[:, : len(beta)]
    variance = np.linalg.inv(columns.T @ (columns * weight[:, None]))
    return beta, np.sqrt(np.diag(variance)), loss(np.array(start)) - loss(beta)


observed, predicted, counts = calibration(10, "quantile")
wide_observed, wide_predicted, wide_counts = calibration(10, "uniform")
both, both_errors, gained = cox(True)
shift, shift_errors, _ = cox(False)
z = stats.norm.ppf(0.975)
binary_calibration = {
    "ece": float((counts * np.abs(observed - predicted)).sum() / counts.sum()),
    "ece_equal_width": float((wide_counts * np.abs(wide_observed - wide_predicted)).sum() / wide_counts.sum()),
    "mce": float(np.abs(wide_observed - wide_predicted).max()),
    "debiased_error": float(
        np.sqrt(
            (counts * ((observed - predicted) ** 2 - observed * (1 - observed) / (counts - 1))).sum() / counts.sum()
        )
    ),
    "slope": both[1],
    "intercept": shift[0],
    "recalibration_p_value": stats.chi2.sf(2 * gained, 2),
    "brier_reliability": float((wide_counts * (wide_observed - wide_predicted) ** 2).sum() / wide_counts.sum()),
    "brier_resolution": float((wide_counts * (wide_observed - y.mean()) ** 2).sum() / wide_counts.sum()),
    "brier_uncertainty": float(y.mean() * (1 - y.mean())),
}
binary_calibration_intervals = {
    "slope": [both[1] - z * both_errors[1], both[1] + z * both_errors[1]],
    "intercept": [shift[0] - z * shift_errors[0], shift[0] + z * shift_errors[0]],
}

# The linear rival: the same columns as the check makes.


def design(frame, score="score"):
    columns = []
    for name in ["age", "income", score]:
        own = train[name]
        deviation = np.sqrt(((own - own.mean()) ** 2).mean())
        columns.append(((frame[name] - own.mean()) / deviation).fillna(0))
        if own.isna().any():
            columns.append(frame[name].isna().astype(float))
    for value in ["own", "rent", "free"]:
        columns.append((frame["housing"] == value).astype(float))
    return np.column_stack(columns)


logistic = LogisticRegression(C=1, solver="newton-cholesky", tol=1e-14, max_iter=1000)
logistic.fit(design(train), y_train)
linear_auc = metrics.roc_auc_score(y, logistic.predict_proba(design(test))[:, 1])


def placements(truth, score):
    """DeLong's placements, by all pairs."""
    positive, negative = score[truth], score[~truth]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    return wins.mean(axis=1), wins.mean(axis=0)


def paired_variances(truth, first, second):
    one, two = placements(truth, first), placements(truth, second)
    over_positive = np.cov(one[0], two[0]) / truth.sum()
    over_negative = np.cov(one[1], two[1]) / (~truth).sum()
    return over_positive + over_negative


covariance = paired_variances(y, p, logistic.predict_proba(design(test))[:, 1])
a, b = 1 - binary_figures["roc_auc"], 1 - linear_auc
half = stats.norm.ppf(1 - 0.05 / 6) * np.sqrt(
    covariance[0, 0] / a**2 + covariance[1, 1] / b**2 - 2 * covariance[0, 1] / (a * b)
)
binary_simple = {
    "linear_auc": linear_auc,
    "gain_over_linear": 1 - a / b,
    "gain_over_linear_interval": [1 - a / b * np.exp(half), 1 - a / b * np.exp(-half)],
    "gain_over_constant": 1 - a / 0.5,
}

# Three classes.


def multiclass(n):
    frame = inputs(n)
    margins = np.column_stack([signal(frame), np.zeros(n), -signal(frame) - 1])
    chances = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    frame["y"] = [["hi", "lo", "mid"][rng.choice(3, p=row)] for row in chances]
    noisy = margins + rng.normal(0, 0.5, margins.shape)
    given = np.exp(noisy) / np.exp(noisy).sum(axis=1, keepdims=True)
    for k in range(3):
        frame[f"p{k}"] = given[:, k]
    return frame


three = multiclass(500)
names = ["hi", "lo", "mid"]
y3 = three["y"].map(names.index).to_numpy()
p3 = three[["p0", "p1", "p2"]].to_numpy()
d3 = p3.argmax(axis=1)
multiclass_figures = {
    "roc_auc": metrics.roc_auc_score(y3, p3, multi_class="ovr", average="macro"),
    "accuracy": metrics.accuracy_score(y3, d3),
    "balanced_accuracy": metrics.balanced_accuracy_score(y3, d3),
    "f1": metrics.f1_score(y3, d3, average="macro"),
    "precision": metrics.precision_score(y3, d3, average="macro", zero_division=0),
    "recall": metrics.recall_score(y3, d3, average="macro"),
    "average_precision": metrics.average_precision_score(np.eye(3)[y3], p3, average="macro"),
    "log_loss": metrics.log_loss(y3, p3),
    "brier": float(((p3 - np.eye(3)[y3]) ** 2).sum(axis=1).mean()),
    "mcc": metrics.matthews_corrcoef(y3, d3),
}
multiclass_recall = metrics.recall_score(y3, d3, average=None).tolist()
multiclass_precision = metrics.precision_score(y3, d3, average=None, zero_division=0).tolist()
multiclass_confusion = metrics.confusion_matrix(y3, d3).tolist()

# A number.


def regression(n):
    frame = inputs(n)
    center = 10 + 3 * signal(frame)
    frame["y"] = center + rng.normal(0, 1 + 0.3 * np.abs(center - 10), n)
    frame["pred"] = center + 0.4 + rng.normal(0, 1, n)
    return frame


numbers_train, numbers = regression(600), regression(400)
t, q = numbers["y"].to_numpy(), numbers["pred"].to_numpy()
regression_figures = {
    "r2": metrics.r2_score(t, q),
    "rmse": metrics.root_mean_squared_error(t, q),
    "mae": metrics.mean_absolute_error(t, q),
    "median_absolute_error": metrics.median_absolute_error(t, q),
    "mape": metrics.mean_absolute_percentage_error(t, q),
    "mean_error": float((q - t).mean()),
}


def number_design(frame):
    global train
    kept, train = train, numbers_train
    columns = design(frame, "pred")
    train = kept
    return columns


ridge = Ridge(alpha=1).fit(number_design(numbers_train), numbers_train["y"])
linear_mse = metrics.mean_squared_error(t, ridge.predict(number_design(numbers)))
own_mse = metrics.mean_squared_error(t, q)
mean_mse = float(((t - numbers_train["y"].mean()) ** 2).mean())
regression_simple = {
    "linear_mse": linear_mse,
    "gain_over_linear": 1 - own_mse / linear_mse,
    "gain_over_constant": 1 - own_mse / mean_mse,
}

# Trees: what they say one after the other, and where they are wrong.


def course():
    import xgboost

    columns = ["age", "income", "extra"]
    frames = []
    for n in (600, 400):
        frame = inputs(n)
        frame["extra"] = rng.normal(0, 1, n)
        frame["y"] = np.where(rng.random(n) < expit(signal(frame)), "yes", "no")
        frames.append(frame)
    learned, other = (xgboost.DMatrix(frame[columns], (frame["y"] == "yes").astype(int)) for frame in frames)
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.5, "base_score": 0.4, "seed": 0}
    booster = xgboost.train(settings, learned, 40)
    nodes = {key: [] for key in ["feature", "value", "yes", "no", "missing_goes_yes"]}
    starts = []
    for tree in json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]:
        first = len(nodes["feature"])
        starts.append(first)
        for node, left in enumerate(tree["left_children"]):
            is_leaf = left == -1
            nodes["feature"].append(2**32 - 1 if is_leaf else tree["split_indices"][node])
            nodes["value"].append(tree["split_conditions"][node])
            nodes["yes"].append(0 if is_leaf else first + left)
            nodes["no"].append(0 if is_leaf else first + tree["right_children"][node])
            nodes["missing_goes_yes"].append(bool(tree["default_left"][node]))
    errors = {"train": [], "test": []}
    for n_trees in range(1, 41):
        for name, matrix in (("train", learned), ("test", other)):
            given = booster.predict(matrix, iteration_range=(0, n_trees))
            errors[name].append(float(((given - matrix.get_label()) ** 2).mean()))
    for frame, matrix in zip(frames, (learned, other)):
        frame["score"] = booster.predict(matrix).astype(float)
    return {
        "train": text(frames[0]),
        "test": text(frames[1]),
        "base": float(np.log(0.4 / 0.6)),
        "starts": starts,
        "nodes": nodes,
        "errors": errors,
    }


expected = {
    "trees": course(),
    "binary": {
        "train": text(train),
        "test": text(test),
        "figures": binary_figures,
        "errors": binary_errors,
        "train_auc": metrics.roc_auc_score(y_train, p_train),
        "simple": binary_simple,
        "calibration": binary_calibration,
        "calibration_intervals": binary_calibration_intervals,
    },
    "multiclass": {
        "test": text(three),
        "figures": multiclass_figures,
        "recall": multiclass_recall,
        "precision": multiclass_precision,
        "confusion": multiclass_confusion,
    },
    "regression": {
        "train": text(numbers_train),
        "test": text(numbers),
        "figures": regression_figures,
        "simple": regression_simple,
    },
}
Path(__file__).with_name("expected.json").write_text(json.dumps(expected, indent=1) + "\n")
