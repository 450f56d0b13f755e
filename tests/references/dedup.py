"""Writes dedup.json: pairs of similar sentences in the 59 State of the Union addresses, by exact search.

Needs datasketch 2.0.0. A sentence ends at `.`, `!` or `?`; those of 8 words or more are kept. All pairs that
share a run of 3 words are compared, so no pair with a similarity above 0 is missed.
"""

import collections
import itertools
import json
import re
from pathlib import Path

import datasketch
from datasketch import MinHash

from place import fixture

assert datasketch.__version__ == "2.0.0"
file = Path(__file__).resolve().parents[2] / "src/data/sets/state_of_the_union/speeches.txt"
texts = file.read_text(encoding="utf-8").split("\n")[1::2]
sentences = []
for text in texts:
    for sentence in re.findall(r"[^.!?]*[.!?]|[^.!?]+$", text):
        words = re.findall(r"(?:[^\W_]|['’])+", sentence.lower())
        words = [w.strip("'’") for w in words if w.strip("'’")]
        if len(words) >= 8:
            sentences.append({" ".join(run) for run in zip(words, words[1:], words[2:])})
holders = collections.defaultdict(list)
for i, runs in enumerate(sentences):
    for run in runs:
        holders[run].append(i)
shared = collections.Counter()
for rows in holders.values():
    shared.update(itertools.combinations(rows, 2))
pairs = []
for (a, b), both in shared.items():
    j = both / len(sentences[a] | sentences[b])
    if j >= 0.3:
        pairs.append([a, b, j])
pairs.sort(key=lambda p: (-p[2], p[0], p[1]))


def signature(runs):
    m = MinHash(num_perm=128, seed=1)
    for run in sorted(runs):
        m.update(run.encode())
    return m


estimates = [signature(sentences[a]).jaccard(signature(sentences[b])) for a, b, _ in pairs]
out = {
    "package": "datasketch",
    "version": datasketch.__version__,
    "n_sentences": len(sentences),
    "n_runs": sum(len(runs) for runs in sentences),
    "pairs": pairs,
    "datasketch": estimates,
}
fixture(__file__).write_text(json.dumps(out))
print(len(sentences), len(pairs), out["n_runs"], sum(p[2] >= 0.6 for p in pairs))
