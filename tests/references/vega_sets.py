"""Writes src/data/sets/{football,earthquakes}/data.csv from the npm package vega-datasets 3.2.1.

    npm pack vega-datasets@3.2.1 && tar xzf vega-datasets-3.2.1.tgz
    python tests/references/vega_sets.py package
"""

import csv
import json
from collections import Counter

from place import data_set, packages

(package,) = packages("vega-datasets 3.2.1")
assert json.loads((package / "package.json").read_text())["version"] == "3.2.1"


def read(name):
    return json.loads((package / "data" / name).read_text(encoding="utf-8"))


def write(name, comments, header, rows):
    with open(data_set(name) / "data.csv", "w", newline="", encoding="ascii") as file:
        file.writelines(f"# {line}\n" for line in comments)
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


# The package's name of each division, and ours: the country, in ASCII for labels of figures.
COUNTRIES = {
    "Österreichische Bundesliga": "Austria",
    "English Premier League": "England",
    "Deutsche Bundesliga": "Germany",
    "Serie A": "Italy",
    "Primera Division": "Spain",
}


def season(date):
    """The year in which the season began: these leagues start in July or August, end in May."""
    return int(date[:4]) - (date[5:7] < "07")


def football():
    source = read("football.json")
    assert len(source) == 6508
    played = [m for m in source if m["home_score"] is not None and m["away_score"] is not None]
    # The four matches without a score are second entries of a fixture that has its score in
    # another row: without them every season of every league is complete.
    assert len(played) == 6504
    fixture = lambda m: (season(m["date"]), m["home_team"], m["away_team"])  # noqa: E731
    known = {fixture(m) for m in played}
    assert all(fixture(m) in known for m in source if m not in played)
    sizes = Counter((m["division"], season(m["date"])) for m in played)
    assert sorted(set(sizes.values())) == [180, 306, 380] and len(sizes) == 20
    leagues = sorted(COUNTRIES.values())
    clubs = sorted({m[side] for m in played for side in ("home_team", "away_team")})
    assert len(clubs) == 116 and all(c.isascii() and "," not in c for c in clubs)
    rows = [
        (
            m["date"],
            leagues.index(COUNTRIES[m["division"]]),
            clubs.index(m["home_team"]),
            clubs.index(m["away_team"]),
            m["home_score"],
            m["away_score"],
        )
        for m in sorted(played, key=lambda m: m["date"])
    ]
    header = ["date", "league", "home", "away", "home_goals", "away_goals"]
    write("football", [",".join(leagues), ",".join(clubs)], header, rows)


# Two spellings of one region in the source.
REGIONS = {"CA": "California", "NV": "Nevada", "MX": "Mexico"}


def earthquakes():
    events = read("earthquakes.json")["features"]
    assert len(events) == 1707
    rows = []
    for event in sorted(events, key=lambda e: e["properties"]["time"]):
        about, (longitude, latitude, depth) = event["properties"], event["geometry"]["coordinates"]
        region = about["place"].split(",")[-1].strip()
        region = REGIONS.get(region, region)
        assert region and region.isascii()
        kind = about["type"]
        rows.append((about["time"], longitude, latitude, depth, about["mag"], kind, region))
    header = ["time_ms", "longitude", "latitude", "depth_km", "magnitude", "kind", "region"]
    write("earthquakes", [], header, rows)


football()
earthquakes()
