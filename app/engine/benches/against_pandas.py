"""Prints how long pandas, pyarrow and we take to read one CSV: CPU seconds and ratios, medians of 7.

    cargo build --release -p interlock-engine --example load
    python against_pandas.py target/release/examples/load [N_ROWS]      needs numpy, pandas, pyarrow

Ours parses, infers types, hashes every column and writes the Arrow file that workers map; the
libraries only read into memory. Each runs in a process of its own; the time of importing the
library is taken off, ours counts from the start of the process.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

PANDAS = "import pandas as pd; {mark}; pd.read_csv({file!r})"
PYARROW = "import pyarrow.csv as pc; {mark}; pc.read_csv({file!r})"
MARK = "import time; print(time.process_time())"
END = "; import time; print(time.process_time())"


def write(path, n_rows):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    numbers = {f"x{k}": np.round(rng.random(n_rows) * 10_000 / (k + 1), 3) for k in range(9)}
    for column in numbers.values():
        column[rng.random(n_rows) < 0.03] = np.nan
    words = {f"w{k}": rng.choice([f"word{i}" for i in range(n)], n_rows) for k, n in enumerate([2, 8, 4, 2, 3])}
    pd.DataFrame({**numbers, **words, "y": rng.integers(0, 2, n_rows)}).to_csv(path, index=False)


def library(code, file):
    script = code.format(mark=MARK, file=str(file)) + END
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    before, after = (float(line) for line in out.split())
    return after - before


def ours(program, file):
    with tempfile.TemporaryDirectory() as cache:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, str(file), cache], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


program = os.path.abspath(sys.argv[1])
n_rows = int(sys.argv[2]) if len(sys.argv) > 2 else 30_000
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "table.csv"
    write(file, n_rows)
    print(f"{n_rows} rows x 15, {file.stat().st_size / 1e6:.1f} MB")
    own = median(ours(program, file) for _ in range(7))
    print(f"interlock  {own:.3f} CPU s (with hashes and Arrow file)")
    for name, code in [("pandas", PANDAS), ("pyarrow", PYARROW)]:
        time = median(library(code, file) for _ in range(7))
        print(f"{name:<10} {time:.3f} CPU s, {time / own:.2f} times ours")
