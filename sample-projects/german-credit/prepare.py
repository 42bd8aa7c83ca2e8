"""Makes train.csv, test.csv and current.csv from the UCI file `german.data`.

Usage: python prepare.py path/to/german.data
Needs nothing but Python 3. Same input, same output.

The codes of the original are replaced by words; the original's combined column of sex and marital
status is split in two. The rows are shuffled with a fixed seed: 600 for training, 200 for testing,
200 as the applications seen after launch. Those last 200 are drawn so that applicants under 30 and
loans for cars are over-represented: real rows, shifted mix. Three defects are planted in
train.csv and listed in the README.
"""

import csv
import random
import sys

COLUMNS = [
    ("checking_status", {"A11": "below 0", "A12": "0 to 200", "A13": "200 or more", "A14": "no account"}),
    ("duration_months", int),
    ("credit_history", {"A30": "none taken", "A31": "all paid here", "A32": "paid duly", "A33": "delays", "A34": "critical"}),
    ("purpose", {"A40": "new car", "A41": "used car", "A42": "furniture", "A43": "radio or tv", "A44": "appliances",
                 "A45": "repairs", "A46": "education", "A47": "vacation", "A48": "retraining", "A49": "business", "A410": "other"}),
    ("amount", int),
    ("savings", {"A61": "below 100", "A62": "100 to 500", "A63": "500 to 1000", "A64": "1000 or more", "A65": "unknown"}),
    ("employed_since", {"A71": "unemployed", "A72": "below 1 year", "A73": "1 to 4 years", "A74": "4 to 7 years", "A75": "7 years or more"}),
    ("rate_percent", int),
    ("status", {"A91": ("male", "divorced"), "A92": ("female", "married or divorced"), "A93": ("male", "single"),
                "A94": ("male", "married or widowed"), "A95": ("female", "single")}),
    ("other_debtors", {"A101": "no", "A102": "co-applicant", "A103": "guarantor"}),
    ("resident_since", int),
    ("property", {"A121": "real estate", "A122": "savings or insurance", "A123": "car", "A124": "no"}),
    ("age", int),
    ("other_plans", {"A141": "bank", "A142": "stores", "A143": "no"}),
    ("housing", {"A151": "rent", "A152": "own", "A153": "free"}),
    ("existing_credits", int),
    ("job", {"A171": "unskilled non-resident", "A172": "unskilled", "A173": "skilled", "A174": "management"}),
    ("dependents", int),
    ("telephone", {"A191": "no", "A192": "yes"}),
    ("foreign_worker", {"A201": "yes", "A202": "no"}),
    ("risk", {"1": "good", "2": "bad"}),
]


def decode(line):
    row = {}
    for (name, code), cell in zip(COLUMNS, line.split(), strict=True):
        value = code(cell) if callable(code) else code[cell]
        if name == "status":
            row["sex"], row["marital_status"] = value
        else:
            row[name] = value
    return row


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        rows = [decode(line) for line in file if line.strip()]
    rows = [{"id": f"G{number:04}", **row} for number, row in enumerate(rows, 1)]
    random.Random(20).shuffle(rows)
    train, test, rest = rows[:600], rows[600:800], rows[800:]

    # The 200 current rows are drawn with replacement, so ids are made anew.
    weights = [(3 if row["age"] < 30 else 1) * (3 if "car" in row["purpose"] else 1) for row in rest]
    current = [dict(row) for row in random.Random(21).choices(rest, weights, k=200)]
    for number, row in enumerate(current, 1):
        row["id"] = f"C{number:04}"
        del row["risk"]  # not known yet

    # Planted defects: see README.md.
    planter = random.Random(22)
    for row in planter.sample(train, 48):
        row["savings"] = "?"
    train += [{**row, "id": row["id"] + "b"} for row in planter.sample(train, 9)]
    for row in train:
        row["branch"] = "Hamburg"
    for row in test + current:
        row["branch"] = "Hamburg"

    write("train.csv", train)
    write("test.csv", test)
    write("current.csv", current)


main()
