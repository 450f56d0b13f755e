"""Writes src/data/sets/credit/data.csv from the R package modeldata.

Needs rdata 1.1.0. The package is that of Debian, r-cran-modeldata 1.1.0:

    apt-get download r-cran-modeldata && dpkg -x r-cran-modeldata_1.1.0-1_all.deb deb
    python tests/references/datasets_r.py deb

Its lazy-load database is an index (`Rdata.rdx`) of offsets into one file of compressed objects (`Rdata.rdb`).
"""

import bz2
import csv
import gzip
import lzma
import zlib
from importlib import metadata

import rdata

from place import data_set, packages


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
(unpacked,) = packages("r-cran-modeldata 1.1.0")
package = unpacked / "usr/lib/R/site-library/modeldata"
assert "\nVersion: 1.1.0\n" in (package / "DESCRIPTION").read_text()
table = lazy_load(package / "data", "credit_data").dropna()
# A bad debtor is the event, hence class 1.
status = (table.pop("Status") == "bad").astype(int)
for column in table:
    if hasattr(table[column], "cat"):
        # Codes count from 0 in alphabetical order.
        table[column] = table[column].cat.codes
with open(data_set("credit") / "data.csv", "w", newline="") as file:
    file.write("# good,bad\n")
    out = csv.writer(file, lineterminator="\n")
    out.writerow([*(name.lower() for name in table), "class"])
    out.writerows([*(int(v) for v in row), bad] for row, bad in zip(table.values, status))
