"""What scikit-learn, SciPy, pandas and statsmodels say of the tables `tests/rows.rs` runs through the plugin.

Run by hand: `python tests/rows_expected.py > tests/rows_expected.json` (numpy 2, pandas, scipy,
scikit-learn, statsmodels).
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from statsmodels.tsa.stattools import kpss

warnings.simplefilter("ignore")


def places(x):
    """Robust deviations from the median, logarithmic beyond 3; missing ones at the median."""
    median = np.nanmedian(x)
    mad = np.nanmedian(np.abs(x - median))
    z = (x - median) / (mad / 0.674_489_750_196_081_7)
    size = np.abs(z)
    z = np.where(size > 3, np.sign(z) * 3 * (1 + np.log(np.maximum(size, 3) / 3)), z)
    return np.where(np.isnan(z), 0.0, z)


def one_hot(x):
    """An axis per category, of length √(−ln p), so that squared distances add up to −ln p − ln q."""
    shares = x.value_counts(normalize=True)
    x = x.fillna(shares.idxmax())
    return np.column_stack([np.where(x == v, np.sqrt(-np.log(p)), 0.0) for v, p in shares.items()])


def row_outliers():
    rng = np.random.default_rng(7)
    n = 500
    size = rng.normal(size=n)
    df = pd.DataFrame({
        "height": 170 + 10 * size,
        "weight": 70 + 9 * size + 1.5 * rng.normal(size=n),
        "income": np.exp(8 + 0.4 * rng.normal(size=n)),
        "visits": rng.poisson(4, n).astype(float),
        "town": rng.choice(["Ulm", "Jena", "Kiel"], n, p=[0.6, 0.3, 0.1]),
        "plan": rng.choice(["free", "paid"], n, p=[0.8, 0.2]),
    }).round(3)
    # Each cell is ordinary; together they are not.
    df.loc[[40, 170], "height"] = [198.0, 140.0]
    df.loc[[40, 170], "weight"] = [41.0, 101.0]
    df.loc[5, "income"] = np.nan
    df.loc[6, "town"] = np.nan
    numbers = np.column_stack([places(df[c].to_numpy()) for c in ["height", "weight", "income", "visits"]])
    # Mahalanobis' distance of the numbers, the correlations drawn towards none by 2 %.
    correlations = np.corrcoef(numbers.T)
    shrunk = (correlations + 0.02 * np.eye(4)) / 1.02
    numbers = numbers @ np.linalg.inv(np.linalg.cholesky(shrunk)).T
    space = np.column_stack([numbers, one_hot(df["town"]), one_hot(df["plan"])])
    found = NearestNeighbors(n_neighbors=6).fit(space).kneighbors(space)[0]
    distance = found[:, 1:].mean(axis=1)
    is_odd = np.isin(np.arange(n), [40, 170])
    forest = IsolationForest(n_estimators=100, random_state=0).fit(space)
    return {
        "csv": df.to_csv(index=False),
        "distances": distance.tolist(),
        "odd": [40, 170],
        "auc": roc_auc_score(is_odd, distance),
        "auc_isolation_forest": roc_auc_score(is_odd, -forest.score_samples(space)),
    }


def unit_mix_ups():
    """Groups are known here; medians of logarithms, factors and the p-value follow from them."""
    rng = np.random.default_rng(3)
    n = 400
    kilograms = np.exp(4.2 + 0.2 * rng.normal(size=n))
    is_grams = rng.random(n) < 0.15
    celsius = 37 + 0.6 * rng.normal(size=n)
    is_fahrenheit = rng.random(n) < 0.3
    df = pd.DataFrame({
        "weight": np.where(is_grams, 1000 * kilograms, kilograms).round(3),
        "temperature": np.where(is_fahrenheit, 1.8 * celsius + 32, celsius).round(2),
        "price": np.exp(3 + rng.normal(size=n)).round(2),
        "size": np.where(rng.random(n) < 0.4, 5.0, 150.0) * np.exp(0.2 * rng.normal(size=n)),
        "codes": rng.choice([1, 10, 100], n),
    })
    logs = np.log(df["weight"])
    distance = logs[is_grams].median() - logs[~is_grams].median()
    p_weight = 2 * abs(distance - np.log(1000)) / (np.log(35) * np.log(1000)) / 0.15
    # The logarithms of the temperatures have two groups as well: doubled.
    low, high = (df["temperature"][m].median() for m in (~is_fahrenheit, is_fahrenheit))
    expected = 1.8 * low + 32
    p_temperature = 2 * 2 * abs(high - expected) / (np.log(300) * (expected - low)) / 0.5
    return {
        "csv": df.to_csv(index=False),
        "grams": np.flatnonzero(is_grams).tolist(),
        "fahrenheit": np.flatnonzero(is_fahrenheit).tolist(),
        "ks": [
            stats.ks_2samp(logs[~is_grams], logs[is_grams] - np.log(1000)).statistic,
        ],
        "p": {"weight": p_weight, "temperature": p_temperature},
        "n_two_groups": 3,
    }


def order_dependence():
    rng = np.random.default_rng(11)
    n = 240
    noise = rng.normal(size=n)
    remembered = np.zeros(n)
    for at in range(1, n):
        remembered[at] = 0.6 * remembered[at - 1] + rng.normal()
    category = np.where(rng.random(n) < 0.5, "a", np.where(rng.random(n) < 0.5, "b", "c"))
    blocks = np.repeat(rng.choice(["x", "y", "z"], n // 6), 6)
    df = pd.DataFrame({
        "day": 19_723 + np.arange(n),
        "noise": noise,
        "trend": noise[::-1] + np.arange(n) / 60,
        "memory": remembered,
        "week": np.sin(2 * np.pi * np.arange(n) / 7) + 0.8 * rng.normal(size=n),
        "ties": rng.integers(0, 4, n),
        "category": category,
        "blocks": blocks,
    })
    found = {}
    for name in ["noise", "trend", "memory", "week", "ties"]:
        x = df[name].to_numpy(float)
        along = stats.spearmanr(np.arange(n), x)
        r = stats.rankdata(x)
        v = np.sum(np.diff(r) ** 2) / np.sum((r - r.mean()) ** 2)
        # Young's variance over all orders; without ties it is Bartels' formula.
        variance = 2 * (2 * n - 3 - stats.kurtosis(r, fisher=False)) / (n * (n - 1))
        if name != "ties":
            bartels = 4 * (n - 2) * (5 * n**2 - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) ** 2)
            assert abs(variance / bartels - 1) < 1e-12
        line = np.polyval(np.polyfit(np.arange(n), x, 1), np.arange(n))
        power = np.abs(np.fft.rfft(x - line))[1 : (n - 1) // 2 + 1] ** 2
        found[name] = {
            "along": along.statistic,
            "along_p": along.pvalue,
            "neighbors": 1 - v / 2,
            "neighbors_p": 2 * stats.norm.sf(abs((v - 2) / np.sqrt(variance))),
            "kpss": kpss(x, "c", "auto")[0],
            "kpss_p": 1 - stats._hypotests._cdf_cvm_inf(kpss(x, "c", "auto")[0]),
            "strongest_cycles": int(np.argmax(power[3:]) + 4),
        }
    for name in ["category", "blocks"]:
        codes = pd.factorize(df[name])[0]
        # Cramér's V with Bergsma's correction of bias.
        table = pd.crosstab(np.arange(n) * 10 // n, codes).to_numpy()
        r, c = table.shape
        phi = max(0, stats.contingency.association(table, "cramer") ** 2 * (min(r, c) - 1) - (r - 1) * (c - 1) / (n - 1))
        along = np.sqrt(phi / (min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1))
        counts = np.bincount(codes)
        runs = 1 + np.sum(codes[1:] != codes[:-1])
        expected = (n * (n + 1) - np.sum(counts**2)) / n
        found[name] = {"along": along, "neighbors": (expected - runs) / (expected - 1)}
    # The check has to put the rows in order itself.
    shuffled = df.sample(frac=1, random_state=0)
    return {"csv": shuffled.to_csv(index=False), "columns": found}


def missing_together():
    rng = np.random.default_rng(5)
    n = 200
    df = pd.DataFrame(rng.normal(size=(n, 4)).round(2), columns=["a", "b", "c", "full"])
    survey = rng.random(n) < 0.2
    df.loc[survey, ["a", "b"]] = np.nan
    df.loc[rng.random(n) < 0.1, "b"] = np.nan
    df.loc[150:, "c"] = np.nan
    names = df.columns[df.isna().any()].tolist()
    names = df[names].isna().sum().sort_values(ascending=False, kind="stable").index.tolist()
    mask = df[names].isna()
    return {
        "csv": df.to_csv(index=False),
        "names": names,
        "correlation": mask.corr().to_numpy().ravel().tolist(),
        "blocks": mask.groupby(np.arange(n) * 20 // n).mean().to_numpy().ravel().tolist(),
    }


def uniform():
    rng = np.random.default_rng(13)
    n = 2000
    df = pd.DataFrame({
        "hash": rng.random(n).round(6) * 1000,
        "token": rng.integers(0, 5000, n),
        "age": rng.normal(40, 10, n).round(1),
        "number": rng.permutation(n) * 2 + 0.5,
        "few": rng.integers(0, 12, n),
    })
    found = {}
    for name in ["hash", "age", "number"]:
        x = df[name]
        found[name] = stats.kstest(x, "uniform", (x.min(), x.max() - x.min())).statistic
    # Both steps of the two distribution functions, at each whole number.
    x = df["token"].to_numpy()
    whole = np.arange(x.min(), x.max() + 1)
    own = np.searchsorted(np.sort(x), whole, "right") / n
    found["token"] = np.abs(own - stats.randint(x.min(), x.max() + 1).cdf(whole)).max()
    p = {name: stats.kstwo.sf(d, n) for name, d in found.items()}
    return {"csv": df.to_csv(index=False), "distance": found, "p": p}


def almost_duplicates():
    """All pairs of different rows that agree in all inputs but one."""
    rng = np.random.default_rng(17)
    n = 300
    df = pd.DataFrame({
        "height": (170 + 10 * rng.normal(size=n)).round(2),
        "weight": (70 + 9 * rng.normal(size=n)).round(2),
        "pulse": (70 + 9 * rng.normal(size=n)).round(2),
        "income": np.exp(8 + rng.normal(size=n)).round(2),
        "glucose": (100 + 15 * rng.normal(size=n)).round(1),
        "sodium": (140 + 3 * rng.normal(size=n)).round(2),
        "town": rng.choice(["Ulm", "Jena", "Kiel"], n),
        "y": rng.integers(0, 2, n),
    })
    df.loc[290] = df.loc[10]
    df.loc[290, "weight"] = 60.0
    df.loc[291] = df.loc[20]
    df.loc[291, "town"] = "Bonn"
    df.loc[292] = df.loc[30]
    df.loc[293] = df.loc[40]
    df.loc[293, ["weight", "pulse"]] = [61.0, 62.0]
    df.loc[294] = df.loc[50]
    df.loc[50, "income"] = np.nan
    x = df.drop(columns="y").astype(object).where(df.drop(columns="y").notna(), "missing").to_numpy()
    differing = (x[:, None, :] != x[None, :, :]).sum(axis=2)
    pairs = {k: [[int(a), int(b)] for a, b in np.argwhere(differing == k) if a < b] for k in (1, 2)}
    return {"csv": df.to_csv(index=False), "one": pairs[1], "two": pairs[2]}


parts = [uniform, almost_duplicates, row_outliers, unit_mix_ups, order_dependence, missing_together]
json.dump({part.__name__: part() for part in parts}, sys.stdout)
