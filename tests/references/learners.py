"""Writes learners.json: a pipeline cross-validated as one, weighted rows, sparse rows, early stopping.

Needs scikit-learn 1.9.1, SciPy 1.17.1 and XGBoost 3.2.0. The folds of the pipeline are fitted one by one, because
scikit-learn's `C` is 1 / (n λ) and the folds differ in n. XGBoost computes in single precision: its losses hold to
1e-5.

Made anew to 1e-6: L-BFGS and coordinate descent stop within their tolerance, from whichever side.
"""

import json

import numpy as np
import scipy
import sklearn
import xgboost
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.cluster import KMeans
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from place import fixture

assert sklearn.__version__ == "1.9.1"
assert scipy.__version__ == "1.17.1"
assert xgboost.__version__ == "3.2.0"
rng = np.random.default_rng(20)

# --- a pipeline, cross-validated ---------------------------------------------------------------------------

cancer = load_breast_cancer()
LAMBDA = 0.01


def pipeline(n):
    model = LogisticRegression(C=1 / (n * LAMBDA), solver="newton-cholesky", tol=1e-12, max_iter=1000)
    return make_pipeline(StandardScaler(), model)


proba = np.zeros(len(cancer.target))
accuracy = []
for train, test in StratifiedKFold(5).split(cancer.data, cancer.target):
    model = pipeline(len(train)).fit(cancer.data[train], cancer.target[train])
    proba[test] = model.predict_proba(cancer.data[test])[:, 1]
    accuracy.append(model.score(cancer.data[test], cancer.target[test]))
    one = train, test
# scikit-learn's own loop, on the one fold whose C is right, says the same.
whole = cross_val_predict(
    pipeline(len(one[0])), cancer.data, cancer.target, cv=StratifiedKFold(5), method="predict_proba"
)
assert np.abs(whole[one[1], 1] - proba[one[1]]).max() < 1e-12

# --- weights ------------------------------------------------------------------------------------------------

diabetes = load_diabetes(scaled=False)
x, y = StandardScaler().fit_transform(diabetes.data)[:120], diabetes.target[:120]
weights = rng.choice([0.0, 0.5, 1.0, 2.5], 120)
wine = load_wine()
z, labels = StandardScaler().fit_transform(wine.data), wine.target
z_weights = rng.choice([0.0, 0.5, 1.0, 2.5], len(labels))
two = (labels > 0).astype(int)

ridge = Ridge(3.0).fit(x, y, sample_weight=weights)
lasso = Lasso(0.8, tol=1e-12, max_iter=1_000_000).fit(x, y, sample_weight=weights)
total = z_weights.sum()
softmax = LogisticRegression(C=1 / (total * 0.05), tol=1e-12, max_iter=100_000).fit(
    z, labels, sample_weight=z_weights
)
svc = SVC(C=0.7, kernel="rbf", gamma=0.1, tol=1e-10).fit(z, two, sample_weight=z_weights)
linear_svc = LinearSVC(C=0.7, dual=False, tol=1e-12, max_iter=100_000).fit(z, two, sample_weight=z_weights)
start = z[[5, 70, 150]]
kmeans = KMeans(3, init=start, n_init=1, tol=0.0, algorithm="lloyd").fit(z, sample_weight=z_weights)
weighted = {
    "weights": weights.tolist(),
    "ridge": {"coef": ridge.coef_.tolist(), "intercept": float(ridge.intercept_)},
    "lasso": {"coef": lasso.coef_.tolist(), "intercept": float(lasso.intercept_)},
    "wine_weights": z_weights.tolist(),
    "softmax": softmax.predict_proba(z).tolist(),
    "svc": svc.decision_function(z).tolist(),
    "linear_svc": {"coef": linear_svc.coef_[0].tolist(), "intercept": float(linear_svc.intercept_[0])},
    "kmeans": {"start": start.tolist(), "centroids": kmeans.cluster_centers_.tolist(), "inertia": kmeans.inertia_},
}

# --- sparse rows --------------------------------------------------------------------------------------------

n, d = 60, 90
thin = sparse.random(n, d, density=0.08, random_state=rng, format="csr")
classes = np.arange(n) % 3
thin = thin + sparse.csr_matrix((np.full(n, 0.6), (np.arange(n), classes)), shape=(n, d))
thin = thin.tocsr()
thin.sort_indices()
target = thin @ rng.normal(size=d) + 4 + 0.1 * rng.normal(size=n)
binary = (classes == 1).astype(int)
logistic = LogisticRegression(C=1 / (n * 0.02), tol=1e-12, max_iter=100_000).fit(thin, binary)
several = LogisticRegression(C=1 / (n * 0.02), tol=1e-12, max_iter=100_000).fit(thin, classes)
machine = LinearSVC(C=0.5, tol=1e-12, max_iter=1_000_000, dual=False).fit(thin, binary)
thin_ridge = Ridge(0.4, solver="sparse_cg", tol=1e-14, max_iter=100_000).fit(thin, target)
sparse_rows = {
    "shape": [n, d],
    "indptr": thin.indptr.tolist(),
    "indices": thin.indices.tolist(),
    "data": thin.data.tolist(),
    "classes": classes.tolist(),
    "target": target.tolist(),
    "logistic": {"coef": logistic.coef_[0].tolist(), "intercept": float(logistic.intercept_[0])},
    "softmax": several.predict_proba(thin).tolist(),
    "linear_svc": {"coef": machine.coef_[0].tolist(), "intercept": float(machine.intercept_[0])},
    "ridge": {"coef": thin_ridge.coef_.tolist(), "intercept": float(thin_ridge.intercept_)},
}

# --- early stopping -----------------------------------------------------------------------------------------

# Numbers of single precision, no two alike: where a value of the rows held out stands on a threshold, XGBoost sends
# it right and others left.
table = rng.normal(size=(240, 3)).astype(np.float32).astype(float)
answer = np.round(np.sin(2 * table[:, 0]) + 0.5 * table[:, 1] ** 2 + 0.6 * rng.normal(size=240), 3)
train, test = np.arange(240) % 3 != 0, np.arange(240) % 3 == 0
booster = xgboost.XGBRegressor(
    n_estimators=300,
    max_depth=3,
    learning_rate=0.3,
    reg_lambda=1.0,
    tree_method="exact",
    base_score=float(answer[train].mean()),
    early_stopping_rounds=10,
)
booster.fit(table[train], answer[train], eval_set=[(table[test], answer[test])], verbose=False)
stopping = {
    "x": table.tolist(),
    "y": answer.tolist(),
    "best_round": booster.best_iteration + 1,
    "rmse": booster.evals_result()["validation_0"]["rmse"],
}

json.dump(
    {
        "pipeline": {"lambda": LAMBDA, "proba": proba.tolist(), "accuracy": accuracy},
        "weighted": weighted,
        "sparse": sparse_rows,
        "stopping": stopping,
    },
    fixture(__file__).open("w", encoding="utf-8"),
)
