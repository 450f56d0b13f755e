"""Writes src/data/sets/{nsw,cps,organ_donations}/data.csv from causaldata 0.1.5.

Earnings are single precision in the package; the shortest decimals that read back as the same single
precision number are written.
"""

import csv
from importlib import metadata

import numpy as np
from causaldata import cps_mixtape, nsw_mixtape, organ_donations

from place import data_set

assert metadata.version("causaldata") == "0.1.5"
COLUMNS = ["treat", "age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75", "re78"]


def number(value):
    text = np.format_float_positional(np.float32(value), unique=True, trim="-")
    assert np.float32(text) == np.float32(value)
    return text


def write(name, head, rows):
    with open(data_set(name) / "data.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(rows)


for name, package in [("nsw", nsw_mixtape), ("cps", cps_mixtape)]:
    table = package.load_pandas().data[COLUMNS]
    write(name, COLUMNS, [[number(v) for v in row] for row in table.itertuples(index=False)])
organs = organ_donations.load_pandas().data.sort_values(["State", "Quarter_Num"])
rows = [[r.State, r.Quarter_Num, repr(float(r.Rate))] for r in organs.itertuples()]
write("organ_donations", ["state", "quarter", "rate"], rows)
