"""Writes pca.json: what scikit-learn's PCA(svd_solver="full") says. Needs scikit-learn 1.9.1.

Made anew to 1e-9 or within 1e-28 in noise_variance: where no rank is left, the noise is 0 but for rounding.
"""

import json

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.decomposition import PCA

from place import fixture

assert sklearn.__version__ == "1.9.1"
rng = np.random.default_rng(0)
low_rank = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 8))
cases = {
    "iris": (datasets.load_iris().data, 4),
    "digits": (datasets.load_digits().data, 10),
    "rank_deficient": (low_rank, 3),
    "wide": (rng.normal(size=(6, 15)), 5),
}
out = {"package": "scikit-learn", "version": sklearn.__version__, "cases": []}
for name, (x, k) in cases.items():
    model = PCA(n_components=k, svd_solver="full").fit(x)
    out["cases"].append(
        {
            "name": name,
            # iris and digits are read from the crate's own copy.
            "x": None if name in ("iris", "digits") else x.tolist(),
            "n_components": k,
            "mean": model.mean_.tolist(),
            "components": model.components_.tolist(),
            "explained_variance": model.explained_variance_.tolist(),
            "explained_variance_ratio": model.explained_variance_ratio_.tolist(),
            "singular_values": model.singular_values_.tolist(),
            "noise_variance": float(model.noise_variance_),
            "first_scores": model.transform(x[:3]).tolist(),
        }
    )
fixture(__file__).write_text(json.dumps(out) + "\n")
