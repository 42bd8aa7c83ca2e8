"""pandas on the table of benches/data_quality.rs; prints the median of 15 runs in milliseconds."""

import time

import numpy as np
import pandas as pd

rng = np.random.default_rng(1)
frame = pd.DataFrame({f"c{i}": rng.integers(0, 2 + i * 40, 30_000) for i in range(15)})


def median_ms(call):
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e3 * sorted(times)[7]


print(f"duplicates  {median_ms(frame.duplicated):.2f} ms")
print(f"variation   {median_ms(lambda: [frame[c].value_counts().iloc[0] for c in frame]):.2f} ms")
