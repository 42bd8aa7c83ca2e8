"""Times our two bias checks beside Fairlearn's MetricFrame on the same rows and predictions.

    cargo build --release -p end-to-end
    python against_fairlearn.py target/release/interlock-under-test adult.data [REPEATS]

Needs numpy, pandas, scikit-learn, xgboost, fairlearn, and the UCI Adult file (no header). Half of the
rows train an XGBoost model, the other half are judged by `sex` and `race`: selection rate, TPR, FPR,
with differences. Fairlearn gives no intervals unless it is told to resample (`n_boot`): both ways are
timed. Ours include intervals, predictions and the report; times are those of the checks' runs.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd
import xgboost
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

COLUMNS = "age workclass fnlwgt education education_num marital occupation relationship race sex gain loss hours country income"
SETTINGS = """
[project]
name = "adult"
task = "binary"
target = "income"
positive = "1"
[data]
train = "test.csv"
test = "test.csv"
[columns.sex]
sensitive = true
[columns.race]
sensitive = true
[model]
path = "model.json"
"""


def ours(program, folder):
    report = json.loads(subprocess.run([program, "check", folder, "--format", "json"], capture_output=True).stdout)
    checks = {check["id"]: check["duration_ms"] for check in report["checks"]}
    subprocess.run(["rm", "-r", f"{folder}/.interlock"], check=True)
    return checks["bias.demographic-parity"] + checks["bias.equalized-odds"]


def fairlearn(rows, decided, n_boot):
    start = time.perf_counter()
    more = {"n_boot": n_boot, "ci_quantiles": [0.025, 0.975], "random_state": 1} if n_boot else {}
    metrics = {"selection": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}
    for column in ["sex", "race"]:
        frame = MetricFrame(metrics=metrics, y_true=rows["income"], y_pred=decided, sensitive_features=rows[column], **more)
        frame.by_group, frame.difference(), frame.ratio()
    return 1000 * (time.perf_counter() - start)


program, data = sys.argv[1:3]
repeats = int(sys.argv[3]) if len(sys.argv) > 3 else 5
rows = pd.read_csv(data, names=COLUMNS.split(), skipinitialspace=True)
rows["income"] = rows["income"].str.startswith(">50K").astype(int)
inputs = ["age", "education_num", "gain", "loss", "hours"]
half = len(rows) // 2
booster = xgboost.train({"objective": "binary:logistic", "max_depth": 6}, xgboost.DMatrix(rows[inputs][:half], rows["income"][:half]), 100)
test = rows[half:]
decided = (booster.predict(xgboost.DMatrix(test[inputs])) >= 0.5).astype(int)
with tempfile.TemporaryDirectory() as folder:
    test.to_csv(Path(folder) / "test.csv", index=False)
    booster.save_model(Path(folder) / "model.json")
    (Path(folder) / "interlock.toml").write_text(SETTINGS)
    own = median(ours(program, folder) for _ in range(repeats))
plain = median(fairlearn(test, decided, 0) for _ in range(repeats))
boot = fairlearn(test, decided, 100)
print(f"{len(test)} rows, sex and race; medians of {repeats}")
print(f"interlock, with intervals and predictions   {own:8.1f} ms")
print(f"fairlearn, no intervals, predictions given  {plain:8.1f} ms  {plain / own:6.1f} times ours")
print(f"fairlearn, 100 bootstrap samples (one run)  {boot:8.1f} ms  {boot / own:6.1f} times ours")
