"""Writes src/data/sets/{prop99,texas,nile}/data.csv from the packages that ship the sets.

Needs synthdid-py 0.1.0, causaldata 0.1.5 and statsmodels 0.15.0. Rows are sorted by unit, then year.
White prisoners (`wmprison`, with 14 gaps) and FIPS codes are left out of the Texas set.
"""

import csv
from importlib import metadata
from pathlib import Path

import causaldata
import numpy as np
import pandas as pd
import statsmodels.api as sm
import synthdid

from place import data_set


def number(value):
    """The shortest text that reads back as the same number in its own precision."""
    if float(value) == int(value):
        return str(int(value))
    return str(value) if isinstance(value, np.float32) else repr(float(value))


def write(name, header, rows):
    with open(data_set(name) / "data.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


assert metadata.version("synthdid-py") == "0.1.0"
assert metadata.version("causaldata") == "0.1.5"
assert metadata.version("statsmodels") == "0.15.0"

path = Path(synthdid.__file__).parent / "data" / "california_prop99.csv"
cigarettes = pd.read_csv(path, sep=";").sort_values(["State", "Year"])
columns = zip(cigarettes.State, cigarettes.Year, cigarettes.PacksPerCapita)
write("prop99", ["state", "year", "packs"], [[s, y, number(p)] for s, y, p in columns])

prisons = pd.read_stata(Path(causaldata.__file__).parent / "texas" / "texas.dta")
prisons = prisons.sort_values(["state", "year"])
variables = "bmprison alcohol income ur poverty black perc1519 aidscapita".split()
rows = [
    [state, year, *(number(prisons[v].iloc[i]) for v in variables)]
    for i, (state, year) in enumerate(zip(prisons.state, prisons.year))
]
write("texas", ["state", "year", *variables], rows)

nile = sm.datasets.nile.load_pandas().data
rows = [["Nile", int(y), number(v)] for y, v in zip(nile.year, nile.volume)]
write("nile", ["river", "year", "flow"], rows)
