"""How often rows of the same population break a contract that `interlock init --learn` learned.

    python learned_contract.py PROGRAM TABLE.csv TARGET [TIMES] [SEED] [TEST.csv]

Draws TIMES random halves of the table, learns from one with PROGRAM (an `interlock` whose plugins lie
beside it), lets `data-quality.contract` hold the other half to it, and prints a line of a Markdown
table: rules learned, rules the other half breaks, halves that break none, with Wilson's 95 % intervals.
With TEST.csv: learns once from the whole table and holds TEST.csv to it.
"""

import json
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

program, source, target = sys.argv[1:4]
times = int(sys.argv[4]) if len(sys.argv) > 4 else 200
seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
fixed_test = sys.argv[6] if len(sys.argv) > 6 else None
header, *rows = Path(source).read_text().splitlines()


def run(folder, *arguments):
    return subprocess.run([program, *arguments, "."], cwd=folder, capture_output=True, text=True)


def interlock_toml(folder):
    """Only the contract is checked."""
    text = f'[project]\ntarget = "{target}"\n\n[data]\ntrain = "train.csv"\ntest = "test.csv"\nmissing = ["?"]\n'
    if header.split(",")[0] == "id":
        text += 'id = "id"\n'
    listed = run(folder, "plugin", "list").stdout
    for word in listed.split():
        if "." in word and word.startswith(("data-quality.", "drift.", "bias.", "shap.", "adversarial.", "evaluation.")):
            if word != "data-quality.contract":
                text += f'\n[checks."{word}"]\nenabled = false\n'
    return text


def wilson(k, n):
    z = 1.959963984540054
    p = k / n
    center, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return f"{100 * p:.2f} % ({100 * (center - half) / (1 + z * z / n):.2f}–{100 * (center + half) / (1 + z * z / n):.2f})"


def once(train, test):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, part in (("train.csv", train), ("test.csv", test)):
            (folder / name).write_text("\n".join([header, *part]) + "\n")
        (folder / "interlock.toml").write_text(TOML or interlock_toml(folder))
        learned = run(folder, "init", "--learn")
        assert learned.returncode == 0 and "added" in learned.stdout, learned.stderr
        report = json.loads(run(folder, "check", "--format", "json").stdout)
        [check] = [check for check in report["checks"] if check["id"] == "data-quality.contract"]
        assert check["verdict"] is not None, check
        metrics = {metric["id"]: metric for metric in check["metrics"]}
        assert metrics["rows_broken_train"]["value"] == 0, "a table keeps what was learned from it"
        titles = [finding["title"] for finding in check["findings"]]
        n_rules = metrics["n_broken"]["n"] // 2
        return n_rules, metrics["n_broken"]["value"] + metrics["n_not_applied"]["value"], titles, check


with tempfile.TemporaryDirectory() as folder:
    for name in ("train.csv", "test.csv"):
        (Path(folder) / name).write_text("\n".join([header, *rows[:200]]) + "\n")
    (Path(folder) / "interlock.toml").write_text('[data]\ntrain = "train.csv"\n')
    TOML = interlock_toml(folder)

if fixed_test:
    _, *test = Path(fixed_test).read_text().splitlines()
    n, broken, titles, _ = once(rows, test)
    print(f"{n} rules learned from {len(rows)} rows; {broken:.0f} broken by {len(test)} others")
    for title in titles:
        print("-", title)
    sys.exit()

random.seed(seed)
n_rules = n_broken = n_clean = 0
what = Counter()
for _ in range(times):
    random.shuffle(rows)
    half = len(rows) // 2
    # In the order of the file, so that nothing is learned from the shuffling.
    n, broken, titles, _ = once(rows[:half], rows[half:])
    n_rules, n_broken, n_clean = n_rules + n, n_broken + int(broken), n_clean + (broken == 0)
    what.update(title.split(" break")[-1].split(":")[0] for title in titles)
print("| table | rows learned from | halves | rules learned | rules the other half breaks | halves that break none |")
print("|---|---|---|---|---|---|")
print(f"| {Path(source).name} | {half} | {times} | {n_rules} | {wilson(n_broken, n_rules)} | {wilson(n_clean, times)} |")
print("broken most:", what.most_common(8), file=sys.stderr)
