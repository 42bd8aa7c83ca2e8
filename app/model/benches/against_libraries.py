"""Trains tree models, times how their libraries predict with them, and how this crate does.

Usage: python against_libraries.py ADULT.data TIME_PREDICT [N_THREADS]

ADULT.data is the Adult dataset without a header; TIME_PREDICT the example of that name, built with
`cargo build --release -p interlock-model --example time_predict`. One line per model and way to
predict: CPU seconds (all threads) and wall seconds for 100,000 rows of 14 columns, the best of
several repeats (wall) or their mean (CPU), and how many times this crate's CPU seconds that is. All are held to N_THREADS
(default 2) processors. Every model is read in the format its library writes, the forest as ONNX.

Needs numpy, pandas, scikit-learn, xgboost, lightgbm, catboost, skl2onnx, onnxmltools, onnxruntime.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import onnxruntime
import pandas as pd
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier

N_ROWS = 100_000
COLUMNS = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
    "capital-gain capital-loss hours-per-week native-country income"
).split()


def adult(path):
    """Inputs as numbers, texts by their rank; `?` is missing. The target is 1 above 50K."""
    table = pd.read_csv(path, names=COLUMNS, skipinitialspace=True, na_values="?")
    target = (table.pop("income") == ">50K").to_numpy().astype(int)
    for name in table.columns:
        if table[name].dtype.kind not in "if":
            codes = table[name].astype("category").cat.codes
            table[name] = codes.where(codes >= 0).astype(float)
    return table.to_numpy(dtype=float), target


def timed(call, seconds=4.0):
    """Mean CPU and least wall seconds of a call."""
    n, least, begin, cpu = 0, float("inf"), time.perf_counter(), time.process_time()
    while n < 3 or time.perf_counter() - begin < seconds:
        before = time.perf_counter()
        try:
            call()
        except StopIteration:
            break
        least = min(least, time.perf_counter() - before)
        n += 1
    return (time.process_time() - cpu) / n, least


def onnx_ways(onnx_model, X, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), options)
    inputs = {session.get_inputs()[0].name: X.astype(np.float32)}
    return {"onnxruntime": lambda: session.run([session.get_outputs()[1].name], inputs)}


def models(X, y, folder, rows, n_threads):
    """Name, ways to predict, and the model file for us."""
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType as MlFloat
    from skl2onnx import to_onnx

    single = rows.astype(np.float32)
    for n_trees, depth in [(500, 6), (100, 8)]:
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": depth, "eta": 0.1, "nthread": 2},
            xgboost.DMatrix(X, y), n_trees)
        booster.set_param({"nthread": n_threads})
        path = folder / f"xgboost{depth}.json"
        booster.save_model(path)
        # XGBoost keeps the predictions for a matrix: each call takes another.
        matrices = iter([xgboost.DMatrix(rows) for _ in range(40)])
        ways = {
            "xgboost inplace_predict f64": lambda b=booster: b.inplace_predict(rows),
            "xgboost inplace_predict f32": lambda b=booster: b.inplace_predict(single),
            "xgboost predict DMatrix": lambda b=booster, m=matrices: b.predict(next(m)),
        }
        exported = onnxmltools.convert_xgboost(booster, initial_types=[("X", MlFloat([None, 14]))])
        ways |= onnx_ways(exported, rows, n_threads)
        yield f"xgboost {n_trees} x depth {depth}", ways, path
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 63, "num_threads": 2, "verbose": -1},
        lightgbm.Dataset(X, y), 500)
    booster.save_model(folder / "lightgbm.txt")
    yield "lightgbm 500 x 63 leaves", {
        "lightgbm predict f64": lambda: booster.predict(rows, num_threads=n_threads),
        "lightgbm predict f32": lambda: booster.predict(single, num_threads=n_threads),
    }, folder / "lightgbm.txt"
    model = catboost.CatBoostClassifier(iterations=500, depth=6, verbose=0, thread_count=2,
                                        allow_writing_files=False)
    model.fit(X, y)
    model.save_model(str(folder / "catboost.cbm"))
    pool = catboost.Pool(rows)
    fortran = catboost.FeaturesData(num_feature_data=np.ascontiguousarray(single))
    yield "catboost 500 x depth 6", {
        "catboost predict f64": lambda: model.predict(
            rows, prediction_type="RawFormulaVal", thread_count=n_threads),
        "catboost predict Pool": lambda: model.predict(
            pool, prediction_type="RawFormulaVal", thread_count=n_threads),
        "catboost predict FeaturesData": lambda: model.predict(
            fortran, prediction_type="RawFormulaVal", thread_count=n_threads),
    }, folder / "catboost.cbm"
    filled = np.nan_to_num(rows, nan=-1.0)
    forest = RandomForestClassifier(100, max_depth=12, n_jobs=2, random_state=0)
    forest.fit(np.nan_to_num(X, nan=-1.0), y)
    forest.n_jobs = n_threads
    exported = to_onnx(forest, filled[:1].astype(np.float32), options={"zipmap": False})
    ways = {"scikit-learn predict_proba": lambda: forest.predict_proba(filled.astype(np.float32))}
    ways |= onnx_ways(exported, filled, n_threads)
    (folder / "forest.onnx").write_bytes(exported.SerializeToString())
    yield "random forest 100 x depth 12, as ONNX", ways, folder / "forest.onnx"


def main():
    data, program = sys.argv[1:3]
    n_threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    X, y = adult(data)
    rows = X[np.random.default_rng(0).integers(0, len(X), N_ROWS)]
    for library in [xgboost, lightgbm, catboost, onnxruntime, sklearn]:
        print(library.__name__, library.__version__, end="  ")
    print(f"\n{N_ROWS} rows, {n_threads} threads")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, ways, path in models(X, y, folder, rows, n_threads):
            given = np.nan_to_num(rows, nan=-1.0) if "forest" in name else rows
            (folder / "rows.f64").write_bytes(given.T.tobytes())
            command = ["taskset", "-c", ",".join(map(str, range(n_threads))), program, path,
                       folder / "rows.f64", str(N_ROWS), "40"]
            ours = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            print(f"{name:32} interlock {ours['cpu']:.4f} s CPU, {ours['wall']:.4f} s wall, "
                  f"{ours['single_row_microseconds']:.1f} us for a single row")
            for way, call in ways.items():
                cpu, wall = timed(call)
                print(f"{'':32} {way:30} {cpu:.4f} s CPU = {cpu / ours['cpu']:.1f} x, "
                      f"{wall:.4f} s wall = {wall / ours['wall']:.1f} x", flush=True)


main()
