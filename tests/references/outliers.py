"""Writes outliers.json: z-scores, MAD, quantiles, winsorising and isolation-forest scores.

Needs numpy 2.4.6, SciPy 1.17.1 and scikit-learn 1.9.1. Forest scores are means over 20 seeds, so that
what is compared is the method and not the chance.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest

from place import fixture

assert (np.__version__, scipy.__version__, sklearn.__version__) == ("2.4.6", "1.17.1", "1.9.1")
METHODS = (
    "inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf "
    "hazen weibull linear median_unbiased normal_unbiased"
).split()
SETS = Path(__file__).resolve().parents[2] / "src" / "data" / "sets"
rng = np.random.default_rng(10)
samples = [rng.normal(5, 2, 30), rng.standard_cauchy(41), rng.integers(0, 9, 24) * 1.0]
samples += [np.array([1.0, 2.0, 4.0, 8.0]), rng.lognormal(0, 2, 101), np.array([3.0, 1.0])]
# Multiples of 1/n make the places whole, where the definitions jump; halves are for the third.
levels = sorted({0.0, 0.03, 0.1, 0.25, 0.375, 0.5, 0.625, 0.75, 0.9, 0.97, 1.0})
univariate = []
for x in samples:
    fences = []
    for method in METHODS:
        q1, q3 = np.quantile(x, [0.25, 0.75], method=method)
        fences.append([q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)])
    univariate.append(
        {
            "x": x.tolist(),
            "z": stats.zscore(x, ddof=1).tolist(),
            "mad": float(stats.median_abs_deviation(x)),
            "modified_z": ((x - np.median(x)) / stats.median_abs_deviation(x, scale="normal")).tolist(),
            "quantiles": [np.quantile(x, levels, method=m).tolist() for m in METHODS],
            "fences": fences,
            "winsorized": np.asarray(stats.mstats.winsorize(x, limits=(0.1, 0.2))).tolist(),
        }
    )


def forest(x):
    def mean(seeds):
        runs = [IsolationForest(n_estimators=100, max_samples=256, random_state=s).fit(x) for s in seeds]
        return -np.mean([run.score_samples(x) for run in runs], axis=0)

    scores, again = mean(range(20)), mean(range(20, 40))
    # What chance alone does between two means.
    return {"scores": scores.tolist(), "rms": float(np.sqrt(np.mean((scores - again) ** 2)))}


penguins = np.loadtxt(SETS / "penguins" / "data.csv", delimiter=",", skiprows=2)[:, :4]
assert penguins.shape == (342, 4)
out = {
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "sklearn": sklearn.__version__,
    "levels": levels,
    "univariate": univariate,
    "forest_penguins": forest(penguins),
    "forest_breast_cancer": forest(load_breast_cancer().data),
}
fixture(__file__).write_text(json.dumps(out))
