"""Writes selection.json: scores of features by scikit-learn, SciPy and optbinning.

Needs scikit-learn 1.9.1, SciPy 1.17.1, optbinning 1.0.0, pandas. Data: the credit set of this repository.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import optbinning
import pandas as pd
import scipy
import sklearn
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, chi2, mutual_info_classif
from sklearn.feature_selection._mutual_info import _compute_mi_cd
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from place import fixture

warnings.filterwarnings("ignore")
assert sklearn.__version__ == "1.9.1" and scipy.__version__ == "1.17.1"
assert optbinning.__version__ == "1.0.0"
here = Path(__file__).parent
credit = pd.read_csv(here.parents[1] / "src/data/sets/credit/data.csv", comment="#")
y = credit.pop("class").to_numpy()
x = credit.to_numpy(dtype=float)
names = list(credit)
rng = np.random.default_rng(12)


def entropy(*columns):
    counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)[1]
    return stats.entropy(counts)


column = lambda name: x[:, names.index(name)]
gain = lambda v: float(entropy(y) + entropy(v) - entropy(v, y))
gains = {n: gain(column(n)) for n in ("home", "job", "age", "seniority")}
ratios = {n: gains[n] / float(entropy(column(n))) for n in gains}

statistic, p = chi2(x, y)
classes = rng.integers(0, 3, 200)
counts = rng.poisson(1 + classes[:, None] * [0, 0.2, 1.0])
counted, counted_p = chi2(counts, classes)

# Continuous features without ties, so that scikit-learn's noise decides nothing.
smooth = np.c_[rng.normal(size=600), rng.exponential(size=600), rng.uniform(size=600)]
label = (smooth[:, 0] + 0.5 * smooth[:, 1] + rng.normal(size=600) > 0.5).astype(int)
label[smooth[:, 2] > 0.93] = 2
nearest = {k: [float(_compute_mi_cd(c, label, k)) for c in smooth.T] for k in (1, 3, 10)}
noisy = mutual_info_classif(smooth, label, n_neighbors=3, random_state=0)
ties = mutual_info_classif(x, y, n_neighbors=3, random_state=0)

ks = []
for n0, n1, shift in [(5, 5, 0.0), (30, 40, 0.3), (100, 77, 0.8), (2500, 1500, 0.15), (400, 400, 2)]:
    a, b = rng.normal(size=n0), rng.normal(shift, 1, n1)
    test = stats.ks_2samp(a, b, method="exact")
    ks.append({"a": a.tolist(), "b": b.tolist(), "d": float(test.statistic), "p": float(test.pvalue),
               "sign": int(test.statistic_sign)})
credit_ks = [stats.ks_2samp(c[y == 0], c[y == 1], method="exact") for c in x.T]
limit_n, limit_d = (12_000, 11_000), 0.018
limit_p = float(scipy.special.kolmogorov(limit_d * np.sqrt(12_000 * 11_000 / 23_000)))

woe = []
for name in ("seniority", "income", "amount"):
    values = column(name)
    cuts = np.unique(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
    # optbinning's bins are closed on the left; a half more makes them closed on the right for integers.
    binning = optbinning.OptimalBinning(user_splits=cuts + 0.25, user_splits_fixed=[True] * len(cuts))
    table = binning.fit(values, y).binning_table.build()
    rows = table.iloc[: len(cuts) + 1]
    woe.append({"name": name, "cuts": cuts.tolist(), "woe": [float(v) for v in rows["WoE"]],
                "iv": [float(v) for v in rows["IV"]], "total": float(table.loc["Totals", "IV"])})

tree_cuts = []
for name in ("seniority", "income"):
    values = column(name)[:, None]
    leaf = len(y) // 20
    grow = lambda a: DecisionTreeClassifier(criterion="entropy", min_samples_leaf=leaf, ccp_alpha=a)
    for alpha in grow(0.0).cost_complexity_pruning_path(values, y).ccp_alphas:
        fitted = grow(alpha).fit(values, y)
        if fitted.get_n_leaves() <= 5:
            break
    cuts = fitted.tree_.threshold[fitted.tree_.feature >= 0]
    tree_cuts.append({"name": name, "cuts": sorted(float(v) for v in cuts)})

# Importances of one linear model, by the mean squared error: means over many permutations.
diabetes, target = load_diabetes(return_X_y=True, scaled=False)
line = LinearRegression().fit(diabetes, target)
shuffled = permutation_importance(line, diabetes, target, scoring="neg_mean_squared_error",
                                  n_repeats=400, random_state=1)
z = StandardScaler().fit_transform(diabetes)
ranking = RFE(LinearRegression(), n_features_to_select=1).fit(z, target).ranking_

out = {
    "packages": "scikit-learn 1.9.1, scipy 1.17.1, optbinning 1.0.0",
    "gains": gains,
    "ratios": ratios,
    "chi2": {"statistic": statistic.tolist(), "p": p.tolist()},
    "counts": {"x": counts.tolist(), "y": classes.tolist(), "statistic": counted.tolist(),
               "p": counted_p.tolist()},
    "smooth": smooth.tolist(),
    "label": label.tolist(),
    "nearest": nearest,
    "noisy": noisy.tolist(),
    "ties": ties.tolist(),
    "ks": ks,
    "credit_ks": {"d": [float(t.statistic) for t in credit_ks], "p": [float(t.pvalue) for t in credit_ks]},
    "limit": {"n": limit_n, "d": limit_d, "p": limit_p},
    "woe": woe,
    "tree_cuts": tree_cuts,
    "permutation": {"mean": shuffled.importances_mean.tolist(),
                    "sd": shuffled.importances.std(axis=1, ddof=1).tolist()},
    "rfe": ranking.tolist(),
}
fixture(__file__).write_text(json.dumps(out))
