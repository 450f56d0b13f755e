"""Writes src/data/sets/addresses/data.tsv from the source package usaddress 0.5.16.

    pip download --no-deps --no-binary usaddress usaddress==0.5.16 && tar xzf usaddress-0.5.16.tar.gz
    python tests/references/addresses_data.py usaddress-0.5.16

One address a line, its tokens as `token<TAB>tag` pairs in a row of tabs. Addresses that name a
recipient (a person or a firm) are left out.
"""

import xml.etree.ElementTree as ET

from place import data_set, packages

(package,) = packages("usaddress 0.5.16")
root = ET.parse(package / "training" / "labeled.xml").getroot()
every = [[(token.text, token.tag) for token in address] for address in root]
assert (len(every), sum(map(len, every))) == (1513, 10722)
kept = [address for address in every if all(tag != "Recipient" for _, tag in address)]
tags = sorted({tag for address in kept for _, tag in address})
assert (len(kept), sum(map(len, kept)), len(tags)) == (1431, 9909, 28)
assert all(token and not set(token) & set("\t\n") for address in kept for token, _ in address)
with open(data_set("addresses") / "data.tsv", "w", encoding="utf-8", newline="") as file:
    file.write("# " + "\t".join(tags) + "\n")
    for address in kept:
        row = [f"{token}\t{tags.index(tag)}" for token, tag in address]
        file.write("\t".join(row) + "\n")
