"""Writes linear_models.json: scikit-learn's ridge, lasso and elastic net, and their paths.

Needs scikit-learn 1.9.1. Tolerances are tightened until the weights themselves have settled.
"""

import json

import numpy as np
import sklearn
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, Ridge, enet_path
from sklearn.preprocessing import StandardScaler

from place import fixture

assert sklearn.__version__ == "1.9.1"
raw, y = load_diabetes(return_X_y=True, scaled=False)
z = StandardScaler().fit_transform(raw)
rng = np.random.default_rng(3)
# More columns than rows, correlated.
wide = rng.normal(size=(40, 90)) + rng.normal(size=(40, 1))
target = wide[:, 5] - 2 * wide[:, 60] + 0.5 * rng.normal(size=40)
exact = {"tol": 1e-14, "max_iter": 1_000_000}


def fitted(model, x, y):
    model.fit(x, y)
    return {"coef": model.coef_.tolist(), "intercept": float(model.intercept_)}


ridge = [
    {"data": name, "alpha": alpha, **fitted(Ridge(alpha=alpha, solver="svd"), x, t)}
    for name, x, t in [("raw", raw, y), ("standardised", z, y), ("wide", wide, target)]
    for alpha in (1e-3, 1.0, 30.0, 1e4)
]
through_origin = Ridge(alpha=2.0, fit_intercept=False, solver="svd").fit(z, y).coef_
nets = [
    {
        "data": name,
        "alpha": alpha,
        "l1_ratio": ratio,
        **fitted(
            Lasso(alpha, **exact) if ratio == 1 else ElasticNet(alpha, l1_ratio=ratio, **exact),
            x,
            t,
        ),
    }
    for name, x, t in [("raw", raw, y), ("standardised", z, y), ("wide", wide, target)]
    for alpha, ratio in [(0.02, 1), (0.5, 1), (0.3, 0.5), (2.0, 0.9), (0.1, 0.1)]
]
alphas, coefs, gaps = enet_path(z, y - y.mean(), l1_ratio=1.0, alphas=30, eps=1e-3, **exact)
out = {
    "package": "scikit-learn",
    "version": sklearn.__version__,
    "wide": wide.tolist(),
    "target": target.tolist(),
    "ridge": ridge,
    "ridge_through_origin": through_origin.tolist(),
    "nets": nets,
    "path": {"alphas": alphas.tolist(), "coef": coefs.T.tolist()},
}
fixture(__file__).write_text(json.dumps(out))
