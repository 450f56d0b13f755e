"""Writes density.json: DBSCAN of scikit-learn and linkages of SciPy.

Needs scikit-learn 1.9.1 and SciPy 1.17.1.
"""

import csv
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.cluster import hierarchy
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_moons

from place import fixture

assert sklearn.__version__ == "1.9.1" and scipy.__version__ == "1.17.1"
ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(16)


def dbscan(x, eps, min_points, metric):
    model = DBSCAN(eps=eps, min_samples=min_points, metric=metric).fit(x)
    core = np.zeros(len(x), bool)
    core[model.core_sample_indices_] = True
    return {
        "x": x.tolist(),
        "eps": eps,
        "min_points": min_points,
        "metric": metric,
        "labels": model.labels_.tolist(),
        "core": core.tolist(),
    }


moons = make_moons(300, noise=0.1, random_state=1)[0]
clouds = np.concatenate([rng.normal(c, s, (80, 3)) for c, s in [(0, 0.4), (3, 0.7), (-3, 0.2)]])
clouds = np.concatenate([clouds, rng.uniform(-5, 5, (60, 3))])

# The shipped file, so that counts are those of what readers have.
with open(ROOT / "src/data/sets/earthquakes/data.csv", newline="") as file:
    rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#"))]
places = np.array([[float(r["longitude"]), float(r["latitude"])] for r in rows])
radians = np.radians(places[:, ::-1])
quakes = DBSCAN(eps=100 / 6371.0088, min_samples=10, metric="haversine").fit(radians)

points = rng.normal(size=(60, 3))
links = {}
for method in ("single", "complete", "average", "ward"):
    z = hierarchy.linkage(points, method)
    links[method] = {
        "matrix": z.tolist(),
        "cut": hierarchy.fcluster(z, 5, "maxclust").tolist(),
        "cophenetic": hierarchy.cophenet(z).tolist(),
    }
out = {
    "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__},
    "dbscan": [
        dbscan(moons, 0.2, 5, "euclidean"),
        dbscan(moons, 0.12, 8, "euclidean"),
        dbscan(clouds, 0.6, 6, "manhattan"),
        dbscan(clouds, 0.5, 4, "euclidean"),
    ],
    "earthquakes": {
        "clusters": int(quakes.labels_.max()) + 1,
        "noise": int((quakes.labels_ < 0).sum()),
        "core": int(len(quakes.core_sample_indices_)),
    },
    "points": points.tolist(),
    "links": links,
}
fixture(__file__).write_text(json.dumps(out))
print(out["earthquakes"])
