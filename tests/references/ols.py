"""Writes ols.json: least squares with three kinds of standard errors, by statsmodels.

Needs statsmodels 0.15.0 and NumPy 2.4.6.
"""

import json

import numpy as np
import statsmodels
import statsmodels.api as sm

from place import fixture

assert statsmodels.__version__ == "0.15.0"
rng = np.random.default_rng(8)
n, d, groups = 120, 3, 15
group = rng.integers(0, groups, n)
x = rng.normal(size=(n, d)) * [1.0, 30.0, 0.01] + [0.0, 500.0, 3.0]
shared = rng.normal(size=groups)[group]
y = 2.0 + x @ [1.5, -0.02, 40.0] + shared + rng.normal(size=n) * (0.5 + np.abs(x[:, 0]))
weights = rng.uniform(0.2, 3.0, n)


def told(model, intercept, **options):
    fit = model.fit(**options)
    return {
        "intercept": intercept,
        "coef": fit.params.tolist(),
        "std_errors": fit.bse.tolist(),
        "r2": float(fit.rsquared),
        "sigma2": float(fit.scale),
        "t": fit.tvalues.tolist(),
        "p": fit.pvalues.tolist(),
        "ci": fit.conf_int(0.05).tolist(),
    }


full = np.column_stack([x, np.ones(n)])
cluster = {"cov_type": "cluster", "cov_kwds": {"groups": group}, "use_t": True}
out = {
    "package": "statsmodels",
    "version": statsmodels.__version__,
    "x": x.tolist(),
    "y": y.tolist(),
    "weights": weights.tolist(),
    "group": group.tolist(),
    "classical": told(sm.OLS(y, full), True),
    "no_intercept": told(sm.OLS(y, x), False),
    "weighted": told(sm.WLS(y, full, weights=weights), True),
    "hc1": told(sm.OLS(y, full), True, cov_type="HC1", use_t=True),
    "cluster": told(sm.OLS(y, full), True, **cluster),
    "weighted_cluster": told(sm.WLS(y, full, weights=weights), True, **cluster),
}
fixture(__file__).write_text(json.dumps(out))
