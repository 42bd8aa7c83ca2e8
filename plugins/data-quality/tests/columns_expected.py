"""Writes columns_expected.json: planted defects, and what Deepchecks 0.19.1 and Python say of them.

Run with Python 3.11, deepchecks 0.19.1, pandas 2, numpy 1.26.
"""

import json
import random
import string
from pathlib import Path

import numpy as np
import pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import MixedDataTypes, SpecialCharacters, StringLengthOutOfBounds, StringMismatch
from deepchecks.utils.strings import string_baseform

random.seed(5)
N = 200


def word(length):
    return "".join(random.choices(string.ascii_lowercase, k=length))


def luhn_digit(body):
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def iban(account):
    number = int(account + "131400")  # DE00
    return "DE" + str(98 - number % 97).zfill(2) + account


def cpf(body):
    for n in (9, 10):
        rest = sum(int(d) * w for d, w in zip(body, range(n + 1, 1, -1))) % 11
        body += "0" if rest < 2 else str(11 - rest)
    return body


def digits(n):
    return "".join(random.choices(string.digits, k=n))


at = {name: sorted(random.sample(range(N), 12)) for name in ["amount", "job", "town", "note", "street", "mail", "due"]}
columns = {
    "amount": [str(random.randint(1, 900)) for _ in range(N)],
    "job": [random.choice(["clerk", "nurse", "driver"]) for _ in range(N)],
    "town": [random.choice(["Ulm", "New York", "Jena"]) for _ in range(N)],
    "note": [random.choice(["fine", "late", "paid"]) for _ in range(N)],
    "comment": [" ".join(word(5) for _ in range(random.randint(2, 5))) for _ in range(N)],
    "essay": [word(random.randint(18, 22)) for _ in range(N)],
    "street": [random.choice(["Hauptstraße", "Königstraße", "Markt", "Café-Allee"]) for _ in range(N)],
    "mail": ["none given"] * N,
    "iban": [iban(digits(18)) for _ in range(N)],
    "card": [(b := "4" + digits(14)) + luhn_digit(b) for _ in range(N)],
    "cpf": [cpf(digits(9)) for _ in range(N)],
    "random_number": ["4" + digits(15) for _ in range(N)],
    "due": [f"2023-{random.randint(1, 12):02}-{random.randint(1, 28):02}" for _ in range(N)],
}
for row in at["amount"]:
    columns["amount"][row] = random.choice(["many", "few"])
for row in at["job"]:
    columns["job"][row] = random.choice(["?", "n/a"])
for row in at["town"]:
    columns["town"][row] = random.choice(["NEW YORK", "new-york", "ulm", "Jena "])
for row in at["note"]:
    columns["note"][row] = random.choice(["!!", "$$$", "**"])
columns["comment"][17] = word(200)
columns["essay"][33] = word(90)
columns["essay"][34] = "x"
for row in at["street"]:
    columns["street"][row] = "Königstraße 5".encode().decode("cp1252", errors="replace")
for row in at["mail"]:
    columns["mail"][row] = f"write to {word(6)}@example.org"
for row in at["due"]:
    columns["due"][row] = "2023-02-30"

frame = pd.DataFrame(columns)
dataset = Dataset(frame, cat_features=[], label=None)


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def rows(mask):
    return np.flatnonzero(np.asarray(mask)).tolist()


mixed = MixedDataTypes().run(dataset).value["amount"]
lengths = StringLengthOutOfBounds().run(dataset).value


def out_of_bounds(name):
    length = frame[name].str.len()
    ranges = [outlier["range"] for outlier in lengths[name]["outliers"]]
    return rows(np.any([length.between(r["min"], r["max"]) for r in ranges], axis=0))


rarer = set()
for variants in StringMismatch().run(dataset).value["columns"]["town"].values():
    ordered = sorted(variants, key=lambda variant: (-variant["count"], variant["variant"]))
    rarer |= {variant["variant"] for variant in ordered[1:]}
special = [len(string_baseform(text, True)) == 0 for text in frame["note"]]
assert np.isclose(SpecialCharacters().run(dataset).value["note"], np.mean(special))
expected = {
    "columns": columns,
    "mixed_rows": rows(~frame["amount"].map(is_number)),
    "mixed_share": float(min(mixed["strings"], mixed["numbers"])),
    "null_rows": at["job"],
    "variant_rows": rows(frame["town"].isin(rarer)),
    "signs_rows": rows(special),
    "length_rows": out_of_bounds("comment"),
    "essay_rows": out_of_bounds("essay"),
    "misread_rows": at["street"],
    "mail_rows": at["mail"],
    "iban_rows": list(range(N)),
    "card_rows": list(range(N)),
    "cpf_rows": list(range(N)),
    "impossible_rows": at["due"],
    "unique_columns": sorted(name for name in frame if frame[name].nunique() > 0.95 * N),
}
Path(__file__).with_name("columns_expected.json").write_text(json.dumps(expected, ensure_ascii=True, indent=0) + "\n")
