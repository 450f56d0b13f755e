"""Writes src/data/sets/credit/data.csv from the R package modeldata.

Needs rdata 1.1.0 and pandas. Give it the folder `data` of the installed or unpacked package (1.1.0), for
example of Debian's r-cran-modeldata: its lazy-load database is an index (`Rdata.rdx`) of offsets into
one file of compressed objects (`Rdata.rdb`).
"""

import bz2
import csv
import gzip
import lzma
import sys
import zlib
from importlib import metadata
from pathlib import Path

import rdata

FOLDER = Path(__file__).resolve().parents[2] / "src" / "data" / "sets" / "credit"


def lazy_load(folder, name):
    convert = lambda raw: rdata.conversion.convert(rdata.parser.parse_data(raw, extension=".rds"))
    index = convert(gzip.decompress((folder / "Rdata.rdx").read_bytes()))
    start, length = (int(v) for v in index["variables"][name])
    raw = (folder / "Rdata.rdb").read_bytes()[start : start + length]
    # Four bytes of length, then the kind of compression: 2 is bzip2, Z a bare LZMA2 stream, else zlib.
    if raw[4:5] == b"Z":
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
        return convert(lzma.decompress(raw[5:], format=lzma.FORMAT_RAW, filters=filters))
    if raw[4:5] == b"2":
        return convert(bz2.decompress(raw[5:]))
    return convert(zlib.decompress(raw[4:]))


assert metadata.version("rdata") == "1.1.0"
table = lazy_load(Path(sys.argv[1]), "credit_data").dropna()
# A bad debtor is the event, hence class 1.
status = (table.pop("Status") == "bad").astype(int)
for column in table:
    if hasattr(table[column], "cat"):
        # Codes count from 0 in alphabetical order.
        table[column] = table[column].cat.codes
FOLDER.mkdir(parents=True, exist_ok=True)
with open(FOLDER / "data.csv", "w", newline="") as file:
    file.write("# good,bad\n")
    out = csv.writer(file, lineterminator="\n")
    out.writerow([*(name.lower() for name in table), "class"])
    out.writerows([*(int(v) for v in row), bad] for row, bad in zip(table.values, status))
