"""Trains tree models, times how their libraries predict with them, and how this crate does.

Usage: python against_libraries.py ADULT.data TIME_PREDICT [N_THREADS]

ADULT.data is the Adult dataset without a header; TIME_PREDICT the example of that name, built with
`cargo build --release -p interlock-model --example time_predict`. One line per model and way to
predict: CPU seconds (all threads) and wall seconds for 100,000 rows of 14 columns, the best of
several repeats (wall) or their mean (CPU), and how many times this crate's CPU seconds that is. All are held to N_THREADS
(default 2) processors. Library models whose own format is not read yet are written down as XGBoost
JSON with the same trees and thresholds (`as_xgboost_json`), which takes this crate the same work.

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


class Nodes:
    """A tree as XGBoost's JSON holds it. A child is (feature, threshold, missing_left, left, right)
    or a leaf value; left is taken below the threshold."""

    def __init__(self, root):
        self.left, self.right, self.parent = [], [], []
        self.feature, self.value, self.missing = [], [], []
        waiting = [(root, 2147483647)]
        while waiting:
            node, parent = waiting.pop(0)
            own = len(self.left)
            if parent != 2147483647:
                side = self.left if self.left[parent] == 0 else self.right
                side[parent] = own
            self.parent.append(parent)
            if isinstance(node, tuple):
                feature, threshold, missing, left, right = node
                self.left.append(0), self.right.append(0)
                self.feature.append(feature)
                self.value.append(float(np.clip(threshold, -3e38, 3e38).astype(np.float32)))
                self.missing.append(int(missing))
                waiting += [(left, own), (right, own)]
            else:
                self.left.append(-1), self.right.append(-1)
                self.feature.append(0), self.value.append(float(np.float32(node)))
                self.missing.append(0)

    def json(self, idx, n_features):
        n = len(self.left)
        return {
            "base_weights": [0.0] * n, "categories": [], "categories_nodes": [],
            "categories_segments": [], "categories_sizes": [], "default_left": self.missing,
            "id": idx, "left_children": self.left, "loss_changes": [0.0] * n,
            "parents": self.parent, "right_children": self.right, "split_conditions": self.value,
            "split_indices": self.feature, "split_type": [0] * n, "sum_hessian": [1.0] * n,
            "tree_param": {"num_deleted": "0", "num_feature": str(n_features),
                           "num_nodes": str(n), "size_leaf_vector": "1"},
        }


def as_xgboost_json(roots, path, folder):
    """Writes trees as an XGBoost model whose margin is their sum."""
    X = np.zeros((20, 14))
    X[10:] = 1
    tiny = xgboost.train({"objective": "binary:logistic", "max_depth": 1},
                         xgboost.DMatrix(X, X[:, 0]), 1)
    tiny.save_model(folder / "tiny.json")
    model = json.loads((folder / "tiny.json").read_text())
    trees = model["learner"]["gradient_booster"]["model"]
    trees["trees"] = [Nodes(root).json(at, 14) for at, root in enumerate(roots)]
    trees["tree_info"] = [0] * len(roots)
    trees["gbtree_model_param"]["num_trees"] = str(len(roots))
    path.write_text(json.dumps(model))


def above(threshold):
    """`x <= threshold` is `x < above(threshold)` in single precision."""
    near = np.clip(threshold, -3e38, 3e38).astype(np.float32)
    return np.nextafter(near, np.float32(np.inf))


def lightgbm_roots(booster):
    def node(n):
        if "leaf_value" in n:
            return n["leaf_value"]
        return (n["split_feature"], above(n["threshold"]),
                n["default_left"], node(n["left_child"]), node(n["right_child"]))
    return [node(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


def catboost_roots(model, folder):
    model.save_model(str(folder / "catboost.json"), format="json")
    roots = []
    for tree in json.loads((folder / "catboost.json").read_text())["oblivious_trees"]:
        # The first split gives the lowest bit of the leaf's number, so the last comes on top.
        splits = [(s["float_feature_index"], s["border"]) for s in tree["splits"]][::-1]

        def node(depth, number, splits=splits, values=tree["leaf_values"]):
            if depth == len(splits):
                return values[number]
            feature, border = splits[depth]
            return (feature, above(border), True, node(depth + 1, number * 2),
                    node(depth + 1, number * 2 + 1))
        roots.append(node(0, 0))
    return roots


def forest_roots(forest):
    def node(tree, at):
        if tree.children_left[at] < 0:
            return float(tree.value[at][0][1]) / forest.n_estimators
        return (int(tree.feature[at]), above(tree.threshold[at]), True,
                node(tree, tree.children_left[at]), node(tree, tree.children_right[at]))
    return [node(estimator.tree_, 0) for estimator in forest.estimators_]


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
    as_xgboost_json(lightgbm_roots(booster), folder / "lightgbm.json", folder)
    yield "lightgbm 500 x 63 leaves", {
        "lightgbm predict f64": lambda: booster.predict(rows, num_threads=n_threads),
        "lightgbm predict f32": lambda: booster.predict(single, num_threads=n_threads),
    }, folder / "lightgbm.json"
    model = catboost.CatBoostClassifier(iterations=500, depth=6, verbose=0, thread_count=2,
                                        allow_writing_files=False)
    model.fit(X, y)
    as_xgboost_json(catboost_roots(model, folder), folder / "catboost_as.json", folder)
    pool = catboost.Pool(rows)
    fortran = catboost.FeaturesData(num_feature_data=np.ascontiguousarray(single))
    yield "catboost 500 x depth 6", {
        "catboost predict f64": lambda: model.predict(
            rows, prediction_type="RawFormulaVal", thread_count=n_threads),
        "catboost predict Pool": lambda: model.predict(
            pool, prediction_type="RawFormulaVal", thread_count=n_threads),
        "catboost predict FeaturesData": lambda: model.predict(
            fortran, prediction_type="RawFormulaVal", thread_count=n_threads),
    }, folder / "catboost_as.json"
    filled = np.nan_to_num(rows, nan=-1.0)
    forest = RandomForestClassifier(100, max_depth=12, n_jobs=2, random_state=0)
    forest.fit(np.nan_to_num(X, nan=-1.0), y)
    forest.n_jobs = n_threads
    as_xgboost_json(forest_roots(forest), folder / "forest.json", folder)
    exported = to_onnx(forest, filled[:1].astype(np.float32), options={"zipmap": False})
    ways = {"scikit-learn predict_proba": lambda: forest.predict_proba(filled.astype(np.float32))}
    ways |= onnx_ways(exported, filled, n_threads)
    yield "random forest 100 x depth 12", ways, folder / "forest.json"


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
