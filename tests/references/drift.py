"""Writes drift.json: how far a sample has moved from another.

Needs NumPy 2.4.6 and SciPy 1.17.1. Bins are NumPy's default quantiles of the expected sample, closed on
the right; the index is its formula with half a row added to every bin.
"""

import json

import numpy as np
import scipy
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from place import fixture

assert np.__version__ == "2.4.6"
assert scipy.__version__ == "1.17.1"
rng = np.random.default_rng(71)
pairs = [
    (rng.normal(size=400), rng.normal(size=300)),
    (rng.normal(size=1000), rng.normal(0.3, 1.2, size=500)),
    (rng.exponential(size=250), rng.gamma(2.0, size=250)),
    # Many ties, as in counts.
    (rng.poisson(2.0, size=500).astype(float), rng.poisson(2.6, size=700).astype(float)),
]
cases = []
for expected, actual in pairs:
    for bins in (5, 10):
        cuts = np.unique(np.quantile(expected, np.arange(1, bins) / bins))
        cuts = cuts[cuts < expected.max()]
        counts = [
            np.bincount(np.searchsorted(cuts, sample, side="left"), minlength=len(cuts) + 1)
            for sample in (expected, actual)
        ]
        e, a = [(c + 0.5) / (c.sum() + 0.5 * len(c)) for c in counts]
        shares = [c / c.sum() for c in counts]
        ks = ks_2samp(expected, actual)
        cases.append(
            {
                "expected": expected.tolist(),
                "actual": actual.tolist(),
                "bins": bins,
                "psi": float(np.sum((a - e) * np.log(a / e))),
                # SciPy's is the square root.
                "js": float(jensenshannon(*shares) ** 2),
                "ks": float(ks.statistic),
                "ks_p": float(ks.pvalue),
            }
        )
fixture(__file__).write_text(json.dumps(cases) + "\n")
