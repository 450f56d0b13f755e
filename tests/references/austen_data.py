"""Writes src/data/sets/pride_and_prejudice/text.txt from the Debian package r-cran-janeaustenr 1.0.0.

    apt-get download r-cran-janeaustenr && dpkg -x r-cran-janeaustenr_1.0.0-1_all.deb deb
    python tests/references/austen_data.py deb

Needs rdata 1.1.0. The package's database keeps each novel as a compressed vector of lines; `.rdx` says where.
"""

import bz2
import gzip
import lzma
import zlib
from importlib import metadata

import rdata

from place import data_set, packages

(unpacked,) = packages("r-cran-janeaustenr 1.0.0")
package = unpacked / "usr/lib/R/site-library/janeaustenr"
assert metadata.version("rdata") == "1.1.0"
assert "\nVersion: 1.0.0\n" in (package / "DESCRIPTION").read_text()


def convert(raw):
    return rdata.conversion.convert(rdata.parser.parse_data(raw, extension=".rds"))


def unpack(raw):
    """The four bytes of the length, then zlib, or a letter that names another method."""
    if raw[4:5] == b"Z":
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
        return lzma.decompress(raw[5:], format=lzma.FORMAT_RAW, filters=filters)
    return bz2.decompress(raw[5:]) if raw[4:5] == b"2" else zlib.decompress(raw[4:])


index = convert(gzip.decompress((package / "data/Rdata.rdx").read_bytes()))
offset, length = (int(v) for v in index["variables"]["prideprejudice"])
database = (package / "data/Rdata.rdb").read_bytes()
lines = list(convert(unpack(database[offset : offset + length])))
assert len(lines) == 13030 and lines[0] == "PRIDE AND PREJUDICE"
text = "\n".join(str(line).rstrip() for line in lines).rstrip() + "\n"
(data_set("pride_and_prejudice") / "text.txt").write_text(text, encoding="utf-8")
print(len(text), "characters,", sum(not c.isascii() for c in text), "not ASCII")
