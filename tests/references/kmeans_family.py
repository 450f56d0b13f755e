"""Writes kmeans_family.json: k-means, k-medoids, measures and the gap statistic by other hands.

Needs scikit-learn 1.9.1 and kmedoids 0.5.5. Penguins (standardised with divisor n) and digits are read from the
crate's own copies.
"""

import itertools
import json
from importlib.metadata import version
from pathlib import Path

import kmedoids
import numpy as np
import sklearn
from sklearn import metrics
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from place import fixture

assert sklearn.__version__ == "1.9.1"
assert version("kmedoids") == "0.5.5"
here = Path(__file__).resolve()


def read(name):
    table = np.loadtxt(here.parents[2] / f"src/data/sets/{name}/data.csv", delimiter=",", skiprows=2)
    return table[:, :-1], table[:, -1].astype(int)


raw, species = read("penguins")
penguins = StandardScaler().fit_transform(raw)
digits, _ = read("digits")
out = {"packages": {"scikit-learn": sklearn.__version__, "kmedoids": version("kmedoids")}}

# k-means from given rows until nothing moves.
out["kmeans"] = []
for name, x, rows in [
    ("penguins", penguins, [0, 170, 300]),
    ("penguins", penguins, [5, 6, 7, 8, 9, 10, 11]),
    ("digits", digits, list(range(0, 1000, 100))),
    ("digits", digits, list(range(0, 1700, 50))),
]:
    for algorithm in ("lloyd", "elkan"):
        model = KMeans(len(rows), init=x[rows], n_init=1, tol=0, max_iter=1000, algorithm=algorithm).fit(x)
        out["kmeans"].append({
            "set": name, "algorithm": algorithm, "rows": rows, "labels": model.labels_.tolist(),
            "inertia": float(model.inertia_), "n_iter": int(model.n_iter_),
        })

# Mini-batches on digits: seeds differ, so only the distribution can be compared.
inertias = [
    MiniBatchKMeans(10, batch_size=256, n_init=3, random_state=seed).fit(digits).inertia_ for seed in range(100)
]
out["mini_batch"] = {
    "batch_size": 256, "mean": float(np.mean(inertias)), "sd": float(np.std(inertias, ddof=1)),
    "full": float(KMeans(10, n_init=50, random_state=0).fit(digits).inertia_),
}

# k-medoids. PAM with BUILD has no chance in it (no ties here), so medoids must be equal; FasterPAM starts from
# the same medoids and goes over the rows in the same order.
out["kmedoids"] = []
for name, x in [("penguins", penguins), ("digits", digits[:400])]:
    for metric in ("euclidean", "manhattan", "cosine"):
        d = pairwise_distances(x, metric=metric)
        d = (d + d.T) / 2
        np.fill_diagonal(d, 0)
        for k in (1, 3, 7, 10):
            pam = kmedoids.pam(d, k, max_iter=1000, init="build")
            faster = [
                float(kmedoids.fasterpam(d, k, max_iter=1000, init="random", random_state=seed).loss)
                for seed in range(30)
            ]
            out["kmedoids"].append({
                "set": name, "n": len(x), "metric": metric, "k": k,
                "pam": {"medoids": sorted(map(int, pam.medoids)), "cost": float(pam.loss)},
                "faster_pam": {"least": min(faster), "mean": float(np.mean(faster)), "most": max(faster)},
            })

# Brute force over all choices of medoids of twelve penguins.
twelve = penguins[::30][:12]
out["brute_force"] = []
for metric in ("euclidean", "manhattan", "cosine"):
    d = pairwise_distances(twelve, metric=metric)
    for k in (2, 3, 4):
        best = min(itertools.combinations(range(12), k), key=lambda m: d[:, m].min(axis=1).sum())
        cost = float(d[:, best].min(axis=1).sum())
        out["brute_force"].append({"metric": metric, "k": k, "medoids": list(best), "cost": cost})

# Measures of labellings, good and bad.
out["measures"] = []
for labels in (species, out["kmeans"][0]["labels"], out["kmeans"][2]["labels"], np.arange(342) % 5):
    out["measures"].append({
        "labels": [int(l) for l in labels],
        "silhouette": float(metrics.silhouette_score(penguins, labels)),
        "calinski_harabasz": float(metrics.calinski_harabasz_score(penguins, labels)),
        "davies_bouldin": float(metrics.davies_bouldin_score(penguins, labels)),
    })

# The gap statistic of Tibshirani, Walther and Hastie written out, with many references so that its own error
# is small; a tenth of the seeds of the test would do.
ks, refs, rng = [1, 2, 3, 4, 5], 200, np.random.default_rng(7)


def log_inertias(x):
    return [np.log(KMeans(k, n_init=10, random_state=0).fit(x).inertia_) for k in ks]


low, high = penguins.min(axis=0), penguins.max(axis=0)
reference = np.array([log_inertias(rng.uniform(low, high, penguins.shape)) for _ in range(refs)])
out["gap"] = {
    "ks": ks, "refs": refs, "gap": (reference.mean(axis=0) - log_inertias(penguins)).tolist(),
    "sd": reference.std(axis=0).tolist(),
}
fixture(__file__).write_text(json.dumps(out) + "\n")
