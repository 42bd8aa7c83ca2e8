"""Serves one Python model to Interlock over a Unix socket. Started by Interlock; needs numpy only.

Reads one line of JSON from standard input: `socket`, `root`, `path`, `entry`, `task`, `positive`,
`features`. Loads the model, listens, writes `ready` as the first line of standard output, and answers
frames (see `remote.rs`) on every connection until standard input closes. Behind `ready`, or `failed`
if the model cannot be loaded, stands a JSON list of the project's files that were run. What the model
prints goes to standard error.
"""

import importlib
import json
import os
import socket
import struct
import sys
import threading
import traceback

import numpy as np

MISSING = 0xFFFFFFFF


def load(told):
    """The model: an object with `predict`, or a function of the columns."""
    path, entry = told.get("path"), told.get("entry")
    sys.path.insert(0, told["root"])
    if entry:
        module, _, name = entry.partition(":")
        if not name:
            raise ValueError(f"entry must be 'module:name', not '{entry}'")
        target = importlib.import_module(module)
        for part in name.split("."):
            target = getattr(target, part)
        # A class or a factory is asked for the model; it may take the path.
        if isinstance(target, type):
            target = target(path) if path else target()
        return target
    if os.path.isdir(path):
        return load_folder(path)
    return unpickle(path)


def load_folder(path):
    """An MLflow model: by MLflow where it is there, else the pickle inside."""
    try:
        import mlflow.pyfunc

        loaded = mlflow.pyfunc.load_model(path)
        try:
            raw = loaded.get_raw_model()
        except Exception:
            raw = None
        # MLflow's own face of a classifier gives labels; the model inside gives probabilities.
        return raw if hasattr(raw, "predict_proba") else loaded
    except ImportError:
        pickle = os.path.join(path, "model.pkl")
        if os.path.exists(pickle):
            return unpickle(pickle)
        raise


def unpickle(path):
    try:
        import joblib

        return joblib.load(path)
    except ImportError:
        import pickle

        with open(path, "rb") as file:
            return pickle.load(file)


class Served:
    """A loaded model and how it is asked."""

    def __init__(self, model, told):
        self.model, self.task = model, told["task"]
        self.features = told.get("features") or [str(name) for name in getattr(model, "feature_names_in_", [])]
        # A Booster and such have a list of names under this name.
        names = getattr(model, "feature_names", None)
        if not self.features and isinstance(names, (list, tuple)):
            self.features = [str(name) for name in names]
        classes = getattr(model, "classes_", None)
        self.classes = [] if classes is None or self.task == "regression" else [text(c) for c in classes]
        self.positive = 1
        if self.task == "binary" and told.get("positive") in self.classes:
            self.positive = self.classes.index(told["positive"])
        self.n_outputs = max(len(self.classes), 1) if self.task == "multiclass" else 1
        if self.task == "multiclass" and not self.classes:
            raise ValueError("the model has no classes_: a function cannot say how many outputs it has; serve an object with predict_proba and classes_")

    def info(self):
        module = type(self.model).__module__.split(".")[0]
        version = getattr(sys.modules.get(module), "__version__", "")
        classes = self.classes
        if self.task == "binary" and len(classes) == 2 and self.positive == 0:
            classes = classes[::-1]
        return {
            "ok": True,
            "format": "python",
            "producer": f"{type(self.model).__module__}.{type(self.model).__qualname__} {version}".strip(),
            "task": self.task,
            "features": self.features,
            "classes": classes,
            "n_outputs": self.n_outputs,
        }

    def predict(self, columns, space, n_rows):
        inputs = self.inputs(columns, n_rows)
        if space == "margin":
            decide = getattr(self.model, "decision_function", None)
            if decide is None and self.task != "regression":
                raise ValueError("the model has no scores before the link (no decision_function)")
            if decide is not None and self.task != "regression":
                margins = np.asarray(decide(inputs))
                return -margins if self.task == "binary" and self.positive == 0 else margins
        if self.task != "regression" and hasattr(self.model, "predict_proba"):
            found = np.asarray(self.model.predict_proba(inputs))
            return found[:, self.positive] if self.task == "binary" and found.ndim == 2 else found
        call = self.model.predict if hasattr(self.model, "predict") else self.model
        found = np.asarray(call(inputs))
        if self.task == "binary" and found.ndim == 2 and found.shape[1] == 2:
            found = found[:, self.positive]
        if found.dtype.kind not in "fiub" and found.size:
            label = text(found.ravel()[0])
            raise ValueError(f"the model predicts labels ('{label}'), not probabilities or numbers: serve an object with predict_proba, or a function that gives probabilities")
        return found

    def inputs(self, columns, n_rows):
        """A data frame where pandas is there; else a dict for functions, a matrix for objects."""
        if self.features:
            lacking = [name for name in self.features if name not in columns]
            if lacking:
                raise KeyError(f"the model needs the input '{lacking[0]}', which is not there")
            columns = {name: columns[name] for name in self.features}
        try:
            import pandas as pd

            return pd.DataFrame(columns, index=range(n_rows), copy=False)
        except ImportError:
            if not hasattr(self.model, "predict"):
                return columns
            are_numbers = all(column.dtype != object for column in columns.values())
            return np.column_stack([c if are_numbers else c.astype(object) for c in columns.values()])


def text(value):
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def decoded(header, body):
    columns, at, n_rows = {}, 0, header["n_rows"]
    for column in header["columns"]:
        if column["kind"] == "f8":
            columns[column["name"]] = np.frombuffer(body, "<f8", n_rows, at)
            at += 8 * n_rows
        else:
            codes = np.frombuffer(body, "<u4", n_rows, at)
            at += 4 * n_rows
            names = np.array([*column["categories"], None], dtype=object)
            columns[column["name"]] = names[np.where(codes == MISSING, len(names) - 1, codes)]
    return columns


def answer(served, header, body):
    """Header and body of the answer to a request."""
    if header["op"] == "info":
        return served.info(), b""
    n_rows = header["n_rows"]
    found = served.predict(decoded(header, body), header["space"], n_rows)
    found = np.ascontiguousarray(np.asarray(found, dtype="<f8").reshape(n_rows, -1) if n_rows else np.empty((0, served.n_outputs)))
    if found.shape != (n_rows, served.n_outputs):
        raise ValueError(f"the model gave figures of shape {found.shape} for {n_rows} rows; {(n_rows, served.n_outputs)} are needed")
    return {"ok": True, "n_outputs": served.n_outputs, "n_bytes": found.nbytes}, found.data.cast("B") if found.nbytes else b""


def serve(connection, served):
    stream = connection.makefile("rwb")
    while True:
        length = stream.read(4)
        if len(length) < 4:
            return
        header = json.loads(stream.read(struct.unpack("<I", length)[0]))
        body = stream.read(header["n_bytes"])
        try:
            said, figures = answer(served, header, body)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if frame.filename != "<string>"] or frames
            last = own[-1]
            place = f"{os.path.basename(last.filename)} line {last.lineno}"
            said, figures = {"ok": False, "error": f"{type(error).__name__} in {place}: {error}"}, b""
            traceback.print_exc()
        header = json.dumps(said).encode()
        stream.write(struct.pack("<I", len(header)) + header)
        stream.write(figures)
        stream.flush()


def imports(root, error=None):
    """Files of the project that were run so far, or in which loading failed."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    while error is not None:
        files |= {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
        files.add(getattr(error, "filename", None))
        error = error.__cause__ or error.__context__
    root = os.path.realpath(root) + os.sep
    found = {os.path.realpath(file) for file in files if isinstance(file, str) and file.endswith(".py")}
    # An environment that lies in the project is no part of it.
    return sorted(file for file in found if file.startswith(root) and "site-packages" not in file and os.path.isfile(file))


def main():
    told = json.loads(sys.stdin.readline())
    ready, sys.stdout = sys.stdout, sys.stderr
    try:
        served = Served(load(told), told)
    except BaseException as error:
        print("failed", json.dumps(imports(told["root"], error)), file=ready, flush=True)
        raise
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(told["socket"])
    listener.listen(64)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, served), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", json.dumps(imports(told["root"])), file=ready, flush=True)
    # Ends with the host.
    sys.stdin.read()


main()
