"""Whole suites of checks on Adult, ours beside what a Python user runs, each in a new process.

    python against_suites.py ADULT INTERLOCK PEER=PYTHON... [--rows N] [--times N]

ADULT      folder with adult.data and adult.test of the UCI repository
INTERLOCK  the built program, in a release build
PEER       deepchecks, evidently or ydata; PYTHON an interpreter that has it (deepchecks: numpy<2,
           scikit-learn<1.4, and lightgbm for its model evaluation)
--rows     rows of both tables together, drawn with replacement; without it Adult as it is
--times    runs of each; the median of the CPU seconds stands in the table

Both sides read the same two CSV files and do the same work: of ours only the checks run that answer
what the suite's checks answer (`WORK`). `run` is CPU time without start and load: a peer's call alone;
ours with the checks less ours without any. `whole` is the CPU time of the process and its children,
import, load, and on our side hashing and the results file included. Nothing is known from before.
Prints a Markdown table.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

from adult import NAMES, TEXTS, read

PEER = """
import json, os, resource, sys, warnings
warnings.filterwarnings("ignore")
os.environ.update(DO_NOT_TRACK="1", DEEPCHECKS_DISABLE_LATEST="1", TQDM_DISABLE="1", YDATA_PROFILING_NO_ANALYTICS="True")
import pandas as pd
folder = sys.argv[1]
TEXTS = {texts!r}
train, test = (pd.read_csv(f"{{folder}}/{{name}}.csv") for name in ("train", "test"))
def coded():
    for name in TEXTS:
        known = sorted(set(train[name]) | set(test[name]))
        for table in (train, test):
            table[name] = table[name].map({{value: code for code, value in enumerate(known)}})
    for table in (train, test):
        table["income"] = (table["income"] == ">50K").astype(int)
{setup}
def cpu():
    # Of this process and its workers, ended or not.
    ticks = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{{process}}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == os.getsid(0):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
begin = cpu()
{run}
print("@@" + json.dumps([cpu() - begin, cpu(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
sys.stdout.flush(); os._exit(0)
"""

DEEPCHECKS = """
from deepchecks.tabular import Dataset
from deepchecks.tabular.suites import data_integrity, model_evaluation, train_test_validation
{more}
train, test = (Dataset(table, label="income", cat_features=TEXTS) for table in (train, test))
"""

MODEL = """
import joblib
coded(); model = joblib.load(f"{folder}/model.joblib")
"""

# Of ours, what answers the questions of a suite.
WORK = {
    "deepchecks data_integrity": (
        "data-quality: constant-columns special-characters null-spellings mixed-types string-variants duplicates "
        "string-length missing-values row-outliers target-correlation correlations identifier-target class-imbalance"
    ),
    "deepchecks train_test_validation": (
        "data-quality: split-sizes new-labels new-categories string-variants date-leakage id-leakage "
        "near-duplicate-leakage association-change domain-classifier drift: columns"
    ),
    "deepchecks model_evaluation": (
        "evaluation: performance degradation simple-models weak-segments calibration confusion threshold "
        "unused-features boosting-overfit inference-time"
    ),
    "evidently DataSummaryPreset": "data-quality: missing-values constant-columns duplicates zeros skew",
    "evidently DataDriftPreset": "drift: columns",
    "ydata-profiling minimal": (
        "data-quality: missing-values constant-columns duplicates zeros skew infinite-values identifiers dates "
        "class-imbalance string-length uniform"
    ),
    "ydata-profiling": (
        "data-quality: missing-values constant-columns duplicates zeros skew infinite-values identifiers dates "
        "class-imbalance string-length uniform correlations near-duplicates string-variants order-dependence"
    ),
}

# suite → its peer, what it sets up, what it runs, and the tables it needs beside the training table.
SUITES = {
    "deepchecks data_integrity": (
        "deepchecks",
        DEEPCHECKS.format(more=""),
        "data_integrity().run(train, with_display=False)",
        "train",
    ),
    "deepchecks train_test_validation": (
        "deepchecks",
        DEEPCHECKS.format(more=""),
        "train_test_validation().run(train, test, with_display=False)",
        "test",
    ),
    "deepchecks model_evaluation": (
        "deepchecks",
        DEEPCHECKS.format(more=MODEL),
        "model_evaluation().run(train, test, model, with_display=False)",
        "model",
    ),
    "evidently DataSummaryPreset": (
        "evidently",
        "from evidently import Report\nfrom evidently.presets import DataSummaryPreset",
        "Report([DataSummaryPreset()]).run(train, None).dict()",
        "train",
    ),
    "evidently DataDriftPreset": (
        "evidently",
        "from evidently import Report\nfrom evidently.presets import DataDriftPreset",
        "Report([DataDriftPreset()]).run(test, train).dict()",
        "current",
    ),
    "ydata-profiling minimal": (
        "ydata",
        "from ydata_profiling import ProfileReport",
        "ProfileReport(train, minimal=True, progress_bar=False).to_html()",
        "train",
    ),
    "ydata-profiling": (
        "ydata",
        "from ydata_profiling import ProfileReport",
        "ProfileReport(train, progress_bar=False).to_html()",
        "train",
    ),
}

TRAIN_LIGHTGBM = """
import sys, warnings
warnings.filterwarnings("ignore")
import joblib, lightgbm as lgb, pandas as pd
folder = sys.argv[1]
TEXTS = {texts!r}
train, test = (pd.read_csv(f"{{folder}}/{{name}}.csv") for name in ("train", "test"))
for name in TEXTS:
    known = sorted(set(train[name]) | set(test[name]))
    train[name] = train[name].map({{value: code for code, value in enumerate(known)}})
model = lgb.LGBMClassifier(n_estimators=100, n_jobs=1, deterministic=True, force_row_wise=True, random_state=7, verbose=-1)
model.fit(train.drop(columns="income"), (train["income"] == ">50K").astype(int))
joblib.dump(model, f"{{folder}}/model.joblib"); model.booster_.save_model(f"{{folder}}/model.txt")
"""


def written(adult, folder, n_rows):
    """The two tables as CSV."""
    import pandas as pd

    train, test = read(adult)
    if n_rows:
        both = pd.concat([train, test], ignore_index=True).sample(n_rows, replace=True, random_state=1)
        cut = n_rows * 2 // 3
        train, test = both.iloc[:cut], both.iloc[cut:]
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    return train, test


def cpu_of_children():
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def all_checks(interlock, folder):
    listed = subprocess.run([interlock, "check", "--format", "json", str(folder)], capture_output=True, text=True)
    shutil.rmtree(folder / ".interlock", ignore_errors=True)
    return [check["id"] for check in json.loads(listed.stdout)["checks"]]


def wanted(suite):
    ids, plugin = set(), ""
    for word in WORK[suite].split():
        if word.endswith(":"):
            plugin = word[:-1]
        else:
            ids.add(f"{plugin}.{word}")
    return ids


def ours(interlock, tables, folder, needs, checks, codes):
    """CPU seconds of `interlock check` with these checks, how many gave a verdict, and the slowest."""
    lines = ["[project]", 'name = "adult"', 'task = "binary"', 'target = "income"', 'positive = ">50K"']
    lines += ["[data]", f'train = "{tables}/train.csv"']
    lines += [f'test = "{tables}/test.csv"'] if needs in ("test", "model") else []
    lines += [f'current = "{tables}/test.csv"'] if needs in ("test", "current") else []
    if needs == "model":
        lines += ["[model]", f'path = "{tables}/model.txt"', f"features = {json.dumps(NAMES[:-1])}"]
        lines += ['classes = ["<=50K", ">50K"]']
        for name, values in codes.items():
            pairs = ", ".join(f"{json.dumps(value)} = {code}" for code, value in enumerate(values))
            lines += [f"[columns.{name}]", f"codes = {{ {pairs} }}"]
    for check, is_on in checks.items():
        if not is_on:
            lines += [f'[checks."{check}"]', "enabled = false"]
    (folder / "interlock.toml").write_text("\n".join(lines) + "\n")
    shutil.rmtree(folder / ".interlock", ignore_errors=True)
    begin = cpu_of_children()
    done = subprocess.run([interlock, "check", "--format", "json", str(folder)], capture_output=True, text=True)
    seconds = cpu_of_children() - begin
    report = json.loads(done.stdout)["checks"]
    broken = [check["id"] for check in report if check["verdict"] in ("error", "stale")]
    if broken:
        sys.exit(f"broken checks {broken}: {done.stderr}")
    n_judged = sum(check["verdict"] in ("pass", "warn", "fail", "inconclusive") for check in report)
    slowest = max(((check["duration_ms"] or 0, check["id"]) for check in report), default=(0, ""))
    return seconds, n_judged, slowest


def peer(python, folder, setup, run):
    code = PEER.format(texts=TEXTS, setup=setup, run=run)
    command = [python, "-W", "ignore", "-c", code, str(folder)]
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        process.wait()
        try:
            # Its own workers may outlive it by minutes.
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        out.seek(0)
        lines = out.read().strip().splitlines()
    line = [line for line in lines if line.startswith("@@")]
    if not line:
        return None, lines[-1:] or ["no output"]
    return json.loads(line[-1][2:]), None


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("adult", type=pathlib.Path)
    parser.add_argument("interlock")
    parser.add_argument("peers", nargs="+")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--times", type=int, default=3)
    said = parser.parse_args()
    pythons = dict(peer.split("=", 1) for peer in said.peers)
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        tables, project = place / "tables", place / "project"
        tables.mkdir(), project.mkdir()
        train, test = written(said.adult, tables, said.rows)
        codes = {name: sorted(set(train[name]) | set(test[name])) for name in TEXTS}
        if "deepchecks" in pythons:
            subprocess.run([pythons["deepchecks"], "-c", TRAIN_LIGHTGBM.format(texts=TEXTS), str(tables)], check=True)
        (project / "interlock.toml").write_text(f'[data]\ntrain = "{tables}/train.csv"\n')
        checks = all_checks(said.interlock, project)
        print(f"{len(train):,} + {len(test):,} rows x {len(NAMES)}, median of {said.times}, {os.cpu_count()} processors\n")
        print("| suite | its run, CPU s | whole | peak MB | our run | whole | judged | slowest of ours | run ratio | whole ratio |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for suite, (who, setup, run, needs) in SUITES.items():
            if who not in pythons:
                continue
            mine = wanted(suite)
            unknown = mine - set(checks)
            if unknown:
                sys.exit(f"{suite}: no check {sorted(unknown)}")
            theirs, bare, full = [], [], []
            for _ in range(said.times):
                figures, wrong = peer(pythons[who], tables, setup, run)
                if wrong:
                    print(f"| {suite} | failed: {wrong[0][:80]} |", flush=True)
                    break
                theirs.append(figures)
                off = dict.fromkeys(checks, False)
                bare.append(ours(said.interlock, tables, project, needs, off, codes)[0])
                full.append(ours(said.interlock, tables, project, needs, off | dict.fromkeys(mine, True), codes))
            if len(theirs) < said.times:
                continue
            its_run, its_whole, megabytes = (median([one[at] for one in theirs]) for at in range(3))
            whole, n_judged, slowest = sorted(full)[len(full) // 2]
            run = max(whole - median(bare), 0.001)
            name = f"{slowest[1]} {slowest[0]:.0f} ms"
            print(
                f"| {suite} | {its_run:.2f} | {its_whole:.2f} | {megabytes:.0f} | {run:.3f} | {whole:.2f} | {n_judged} of {len(mine)}"
                f" | {name} | {its_run / run:.0f}x | {its_whole / whole:.0f}x |",
                flush=True,
            )


main()
