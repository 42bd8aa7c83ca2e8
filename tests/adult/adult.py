"""Adult of the UCI repository as two tables, `?` as it stands in the source."""

NAMES = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
    "capital-gain capital-loss hours-per-week native-country income"
).split()
TEXTS = "workclass education marital-status occupation relationship race sex native-country".split()


def read(folder):
    """The training and the test table, 32,561 and 16,281 rows."""
    import pandas as pd

    def one(name, skip):
        table = pd.read_csv(folder / name, header=None, names=NAMES, skipinitialspace=True, skiprows=skip)
        table["income"] = table["income"].str.rstrip(".")
        table["age"] = table["age"].astype(int)
        return table

    return one("adult.data", 0), one("adult.test", 1)
