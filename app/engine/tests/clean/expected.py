"""Tables with planted faults, and what pandas and scikit-learn make of them.

    python expected.py

writes train.csv, test.csv and expected.json beside this file. Needs numpy, pandas, scikit-learn.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
random = np.random.default_rng(7)


def table(n):
    frame = pd.DataFrame(
        {
            "amount": np.round(random.lognormal(3, 1, n), 3),
            "age": random.integers(18, 90, n).astype(float),
            "town": random.choice(["Ulm", "Jena", "Bonn"], n, p=[0.5, 0.3, 0.2]),
            "label": random.choice(["good", "bad", "ugly"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    frame.loc[random.random(n) < 0.1, "amount"] = np.nan
    frame.loc[random.random(n) < 0.1, "age"] = np.nan
    frame.loc[random.random(n) < 0.1, "town"] = np.nan
    frame["age"] = frame["age"].astype("Int64")
    return pd.concat([frame, frame.sample(n // 5, random_state=1)], ignore_index=True)


train, test = table(300), table(100)
train.to_csv(HERE / "train.csv", index=False)
test.to_csv(HERE / "test.csv", index=False)
train, test = pd.read_csv(HERE / "train.csv"), pd.read_csv(HERE / "test.csv")

numbers = ["amount", "age"]
expected = {"impute": {}, "drop_duplicates": {}}
for rule, strategy in [("mean", "mean"), ("median", "median"), ("most-frequent", "most_frequent")]:
    columns = numbers if rule != "most-frequent" else numbers + ["town"]
    filled = {}
    for column in columns:
        imputer = SimpleImputer(strategy=strategy).fit(train[[column]])
        filled[column] = imputer.transform(test[[column]])[:, 0].tolist()
    expected["impute"][rule] = filled
by_town = train.groupby("town")["amount"].median()
overall = train["amount"].median()
expected["median_by_town"] = (
    test["amount"].fillna(test["town"].map(by_town).fillna(overall)).tolist()
)
for keep in ["first", "last", False]:
    name = keep or "none"
    kept = train.drop_duplicates(keep=keep).index.tolist()
    by_key = train.drop_duplicates(subset=["town", "age"], keep=keep).index.tolist()
    expected["drop_duplicates"][name] = {"all": kept, "town_age": by_key}
low, high = train["amount"].quantile(0.05), train["amount"].quantile(0.95)
clipped = test["amount"].clip(low, high)
expected["clip"] = [None if np.isnan(x) else x for x in clipped.tolist()]
expected["stratified"] = {}
for share in [0.2, 0.333]:
    _, tested = train_test_split(train, test_size=share, stratify=train["label"], random_state=0)
    expected["stratified"][str(share)] = tested["label"].value_counts().to_dict()
dropped = train.dropna(subset=["amount"]).index.tolist()
expected["dropna"] = dropped
(HERE / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
