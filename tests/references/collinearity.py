"""Writes collinearity.json: statsmodels' VIF (with the constant added), NumPy's condition numbers, and
the variance decomposition of Belsley, Kuh and Welsch from NumPy's SVD.

Needs statsmodels 0.15.0, NumPy 2.4.6, scikit-learn 1.9.1 (for the diabetes data).
"""

import json
import warnings

import numpy as np
import statsmodels
import statsmodels.api as sm
from sklearn.datasets import load_diabetes
from statsmodels.stats.outliers_influence import variance_inflation_factor

from place import fixture

# That the matrices are badly conditioned is their point.
warnings.filterwarnings("ignore")
assert statsmodels.__version__ == "0.15.0" and np.__version__ == "2.4.6"
rng = np.random.default_rng(8)
a, b = rng.normal(size=(2, 120))
triple = np.c_[a, b, a + b + 0.03 * rng.normal(size=120), rng.normal(size=120) + 40]
near = np.c_[a, a + 1e-4 * b, rng.normal(size=120)]
# Longley (1967), the textbook case, is in statsmodels.
longley = sm.datasets.longley.load_pandas().exog.to_numpy()


def case(name, x):
    design = np.c_[np.ones(len(x)), x]
    scaled = design / np.linalg.norm(design, axis=0)
    _, sigma, vt = np.linalg.svd(scaled, full_matrices=False)
    phi = (vt / sigma[:, None]) ** 2
    z = (x - x.mean(0)) / x.std(0)
    factors = [variance_inflation_factor(design, j + 1) for j in range(x.shape[1])]
    return {
        "name": name,
        "x": x.tolist(),
        "vif": [float(f) for f in factors],
        "condition": float(np.linalg.cond(x)),
        "condition_standardised": float(np.linalg.cond(z)),
        "indices": (sigma[0] / sigma).tolist(),
        "proportions": (phi / phi.sum(0)).tolist(),
    }


diabetes = load_diabetes(scaled=False).data
sets = {"diabetes": diabetes, "triple": triple, "near": near, "longley": longley}
out = {"packages": "statsmodels 0.15.0, numpy 2.4.6"}
out["cases"] = [case(name, x) for name, x in sets.items()]
fixture(__file__).write_text(json.dumps(out))
