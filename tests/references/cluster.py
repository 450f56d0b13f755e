"""Writes cluster.json: scikit-learn's k-means and Gaussian mixtures from fixed starts, and its measures.

Needs scikit-learn 1.9.1. Penguins are read from the crate's own copy and standardised with divisor n.

Made anew to 1e-7 in gmm: two hundred steps of EM carry the last bits of another BLAS on.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from place import fixture

assert sklearn.__version__ == "1.9.1"
warnings.simplefilter("ignore", ConvergenceWarning)
here = Path(__file__).resolve()
table = np.loadtxt(here.parents[2] / "src/data/sets/penguins/data.csv", delimiter=",", skiprows=2)
x, y = StandardScaler().fit_transform(table[:, :-1]), table[:, -1].astype(int)

rows = [0, 170, 300]
kmeans = KMeans(3, init=x[rows], n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(x)
labels = kmeans.labels_
out = {
    "package": "scikit-learn",
    "version": sklearn.__version__,
    "start_rows": rows,
    "kmeans": {
        "centroids": kmeans.cluster_centers_.tolist(),
        "labels": labels.tolist(),
        "inertia": float(kmeans.inertia_),
    },
    "measures": {
        "ari": float(metrics.adjusted_rand_score(y, labels)),
        "nmi": float(metrics.normalized_mutual_info_score(y, labels)),
        "silhouette": metrics.silhouette_samples(x, labels)[::20].tolist(),
    },
    "gmm": [],
}
# scikit-learn stops before it has seen the likelihood of its last parameters, so the number of EM
# steps is fixed (tol far below any gain) and the likelihood is asked for afterwards.
for shape, precisions in {
    "full": np.tile(np.eye(4), (3, 1, 1)),
    "tied": np.eye(4),
    "diag": np.ones((3, 4)),
    "spherical": np.ones(3),
}.items():
    for steps in (1, 10, 200):
        model = GaussianMixture(
            3, covariance_type=shape, tol=1e-300, max_iter=steps, reg_covar=1e-6,
            weights_init=np.full(3, 1 / 3), means_init=x[rows], precisions_init=precisions,
        ).fit(x)
        cov = model.covariances_
        full = {
            "full": lambda: cov,
            "tied": lambda: np.tile(cov, (3, 1, 1)),
            "diag": lambda: np.stack([np.diag(c) for c in cov]),
            "spherical": lambda: np.stack([np.eye(4) * c for c in cov]),
        }[shape]()
        out["gmm"].append({
            "shape": shape, "steps": steps, "weights": model.weights_.tolist(),
            "means": model.means_.tolist(), "covariances": full.tolist(),
            "score": float(model.score(x)), "bic": float(model.bic(x)), "aic": float(model.aic(x)),
        })
fixture(__file__).write_text(json.dumps(out) + "\n")
