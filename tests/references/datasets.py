"""Writes src/data/sets/*/data.csv from the packages that ship the sets.

Needs scikit-learn 1.9.1 and palmerpenguins 0.1.6. Every file has a header: the feature names, then
`class`, the index into the target names that stand in the first comment line; a regression set has its
target as the last column instead, and no comment.
"""

import csv
from importlib import metadata
from pathlib import Path

import palmerpenguins
import sklearn
from sklearn import datasets

from place import data_set


def write(name, features, targets, rows):
    with open(data_set(name) / "data.csv", "w", newline="") as file:
        file.write("# " + ",".join(targets) + "\n")
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*features, "class"])
        out.writerows(rows)


def number(value):
    """The shortest text that reads back as the same double."""
    value = float(value)
    return str(int(value)) if value == int(value) else repr(value)


def from_sklearn(name, bunch):
    rows = [[*map(number, x), int(y)] for x, y in zip(bunch.data, bunch.target)]
    targets = [str(t) for t in bunch.target_names]
    write(name, [str(f) for f in bunch.feature_names], targets, rows)


def diabetes():
    bunch = datasets.load_diabetes(scaled=False)
    serum = ["tc", "ldl", "hdl", "tch", "ltg", "glu"]
    names = [*bunch.feature_names[:4], *serum, "progression"]
    with open(data_set("diabetes") / "data.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(names)
        out.writerows([*map(number, x), number(y)] for x, y in zip(bunch.data, bunch.target))


def penguins():
    path = Path(palmerpenguins.__file__).parent / "data" / "penguins.csv"
    columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    species = ["Adelie", "Chinstrap", "Gentoo"]
    with open(path, newline="") as file:
        records = list(csv.DictReader(file))
    rows = [
        [*(number(r[c]) for c in columns), species.index(r["species"])]
        for r in records
        if all(r[c] not in ("", "NA") for c in columns)
    ]
    write("penguins", columns, species, rows)


assert sklearn.__version__ == "1.9.1" and metadata.version("palmerpenguins") == "0.1.6"
from_sklearn("iris", datasets.load_iris())
from_sklearn("wine", datasets.load_wine())
from_sklearn("breast_cancer", datasets.load_breast_cancer())
from_sklearn("digits", datasets.load_digits())
diabetes()
penguins()
