"""Writes logistic.json: scikit-learn's and statsmodels' logistic regressions on data of the crate.

Needs scikit-learn 1.9.1 and statsmodels 0.15.0. Breast cancer is standardised with divisor n.

Made anew to 1e-6 in iris_softmax: L-BFGS stops where rounding hides the fall of the loss.
"""

import json

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from place import fixture

assert sklearn.__version__ == "1.9.1" and statsmodels.__version__ == "0.15.0"
out = {"versions": {"scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__}}

cancer = datasets.load_breast_cancer()
x = StandardScaler().fit_transform(cancer.data)
n = len(x)
out["cancer_l2"] = []
for strength in (1e-3, 1e-1):
    model = LogisticRegression(C=1 / (n * strength), solver="newton-cholesky", tol=1e-14, max_iter=500)
    model.fit(x, cancer.target)
    out["cancer_l2"].append(
        {"l2": strength, "coef": model.coef_[0].tolist(), "intercept": float(model.intercept_[0])}
    )

# Versicolor against the rest is not separable, so the unpenalised optimum exists.
iris = datasets.load_iris()
y = (iris.target == 1).astype(int)
fit = sm.Logit(y, np.column_stack([iris.data, np.ones(len(y))])).fit(method="newton", tol=1e-14, maxiter=100, disp=0)
out["iris_logit"] = {
    "params": fit.params.tolist(),
    "std_errors": fit.bse.tolist(),
    "log_likelihood": float(fit.llf),
}

model = LogisticRegression(C=1 / (150 * 0.01), solver="lbfgs", tol=1e-14, max_iter=10000)
model.fit(iris.data, iris.target)
out["iris_softmax"] = {"l2": 0.01, "proba": model.predict_proba(iris.data)[::10].tolist()}
fixture(__file__).write_text(json.dumps(out) + "\n")
