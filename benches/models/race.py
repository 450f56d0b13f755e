"""Races the library against scikit-learn and linfa on the same arrays in one run, and prints ratios.

Contenders take turns, so that a noisy minute hits all of them; the least of the repeats counts. A ratio is
our time over that of the quicker peer. The quality beside it (inertia, log-likelihood, loss ...) shows that
all of them did the same work. Before the first race stands what each computes with: BLAS kernel and threads.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

import machine  # noqa: E402, I001: before NumPy

# ruff: noqa: E402
import lightgbm
import numpy as np
import xgboost
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, lasso_path
from sklearn.mixture import GaussianMixture

SPEECHES = ROOT / "src" / "data" / "sets" / "state_of_the_union" / "speeches.txt"
warnings.filterwarnings("ignore")


def clouds(n, d=20, k=10, seed=1):
    """`n` rows around `k` centres, with the labels."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=2.0, size=(k, d))
    label = rng.integers(0, k, n)
    return centres[label] + rng.normal(size=(n, d)), label


def kmeans(n):
    x, _ = clouds(n)
    start = x[:10].copy()

    def fit():
        model = KMeans(10, init=start, n_init=1, tol=1e-4, max_iter=300).fit(x)
        return model.inertia_

    return {"x": x, "centroids": start}, {"scikit-learn": fit}


def gmm(n):
    x, _ = clouds(n)
    rng = np.random.default_rng(2)
    weights = np.full(10, 0.1)
    means = x[rng.choice(n, 10, replace=False)].copy()
    covariances = np.stack([np.cov(x.T)] * 10)

    def fit():
        model = GaussianMixture(
            10,
            max_iter=20,
            tol=0.0,
            weights_init=weights,
            means_init=means,
            precisions_init=np.linalg.inv(covariances),
            init_params="random_from_data",
        ).fit(x)
        return model.lower_bound_

    arrays = {"x": x, "weights": weights, "means": means, "covariances": covariances}
    return arrays, {"scikit-learn": fit}


def pca(n):
    x, _ = clouds(n)
    x = x @ np.random.default_rng(3).normal(size=(20, 20))
    return {"x": x}, {"scikit-learn": lambda: PCA(5).fit(x).explained_variance_.sum()}


def logistic(n):
    x, _ = clouds(n)
    rng = np.random.default_rng(4)
    w = rng.normal(size=20) / 4
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-x @ w))).astype(np.int64)

    def loss(model):
        z = x @ model.coef_[0] + model.intercept_[0]
        penalty = 0.5 / n * (model.coef_**2).sum()
        return float(np.mean(np.logaddexp(0, z) - y * z) + penalty)

    fit = Judged(lambda: LogisticRegression(C=1.0).fit(x, y), loss)
    return {"x": x, "y": y}, {"scikit-learn": fit}


def dbscan(n):
    """Ten round clouds in the plane over a thin mist; `eps` shrinks as the rows grow."""
    rng = np.random.default_rng(5)
    centres = rng.uniform(-10, 10, size=(10, 2))
    x = centres[rng.integers(0, 10, n)] + rng.normal(scale=0.5, size=(n, 2))
    mist = rng.random(n) < 0.1
    x[mist] = rng.uniform(-12, 12, size=(mist.sum(), 2))
    eps = np.array([0.1 * np.sqrt(50_000 / n)])

    def fit():
        labels = DBSCAN(eps=eps[0], min_samples=10).fit(x).labels_
        return labels.max() + 1 + (labels < 0).mean()

    return {"x": x, "eps": eps}, {"scikit-learn": fit}


def lasso(n):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(n, 20)) @ (np.eye(20) + 0.2 * rng.normal(size=(20, 20)))
    y = x[:, :7] @ rng.normal(size=7) + rng.normal(size=n)
    x, y = x - x.mean(0), y - y.mean()
    largest = np.abs(x.T @ y).max() / n
    alphas = np.geomspace(largest, largest * 1e-3, 100)

    def fit():
        _, coef, _ = lasso_path(x, y, alphas=alphas, tol=1e-6)
        return np.abs(coef).sum()

    return {"x": x, "target": y, "alphas": alphas}, {"scikit-learn": fit}


def waves(n, seed=7):
    """Twenty features, five of which matter, not linearly."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, size=(n, 20))
    y = np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + np.abs(x[:, 3]) - x[:, 4] ** 2
    return x, y + 0.3 * rng.normal(size=n)


def forest(n):
    x, target = waves(n)
    y = (target > 0.2).astype(np.int64)

    def fit():
        return RandomForestClassifier(50, min_samples_leaf=5, n_jobs=machine.threads, random_state=0).fit(x, y)

    def accuracy(model):
        return model.score(x[:10_000], y[:10_000])

    return {"x": x, "y": y}, {"scikit-learn": Judged(fit, accuracy)}


def boosting(n):
    """A hundred trees of at most 63 leaves, at most six questions deep, on 255 bins."""
    x, y = waves(n)

    def error(model):
        return float(np.mean((model.predict(x[:10_000]) - y[:10_000]) ** 2))

    def by_xgboost():
        model = xgboost.XGBRegressor(
            n_estimators=100, learning_rate=0.1, max_depth=6, max_bin=255, tree_method="hist", reg_lambda=1.0,
            n_jobs=machine.threads,
        )  # fmt: skip
        return model.fit(x, y)

    def by_lightgbm():
        model = lightgbm.LGBMRegressor(
            n_estimators=100, learning_rate=0.1, max_depth=6, num_leaves=63, min_child_samples=1,
            min_child_weight=1.0, reg_lambda=1.0, verbose=-1, n_jobs=machine.threads,
        )  # fmt: skip
        return model.fit(x, y)

    def by_sklearn():
        model = HistGradientBoostingRegressor(
            max_iter=100, learning_rate=0.1, max_depth=6, max_leaf_nodes=63, min_samples_leaf=1,
            l2_regularization=1.0, early_stopping=False,
        )  # fmt: skip
        return model.fit(x, y)

    peers = {"XGBoost": by_xgboost, "LightGBM": by_lightgbm, "scikit-learn": by_sklearn}
    return {"x": x, "target": y}, {name: Judged(fit, error) for name, fit in peers.items()}


class Judged:
    """A fit whose quality is computed after the clock has stopped."""

    def __init__(self, fit, quality):
        self.fit, self.quality = fit, quality


def tfidf(n):
    texts = SPEECHES.read_text().splitlines()[1::2]
    documents = [texts[i % len(texts)] for i in range(n)]

    def fit():
        return TfidfVectorizer().fit_transform(documents)

    return {"documents": documents}, {"scikit-learn": Judged(fit, lambda rows: float(rows.sum()))}


# A task: its arrays for n rows, the largest n, and the ratio to the quickest peer that is asked for.
TASKS = {
    "kmeans": (kmeans, 100_000, 1.0),
    "gmm": (gmm, 100_000, 0.2),
    "pca": (pca, 100_000, 1.0),
    "logistic": (logistic, 100_000, 0.5),
    "dbscan": (dbscan, 50_000, 1.0),
    "lasso path": (lasso, 100_000, 1.0),
    "random forest": (forest, 100_000, 1.0),
    "boosting": (boosting, 100_000, 1.0),
    "tfidf": (tfidf, 59, 0.5),
}
# linfa has none of these, or none that can be given the same task.
NO_LINFA = {"lasso path", "random forest", "boosting"}


def contenders(program):
    """Lines that say what each contender computes with."""
    peers = [("XGBoost", xgboost), ("LightGBM", lightgbm)]
    rust = subprocess.run([program, "about"], check=True, capture_output=True, text=True).stdout
    return [
        machine.processor(),
        machine.variables(),
        *rust.splitlines(),
        *machine.pools(),
        *(f"{name} {peer.__version__}: n_jobs={machine.threads}, no BLAS in training" for name, peer in peers),
        f"scikit-learn's random forest: n_jobs={machine.threads}; its other models: the pools above",
    ]


def write(folder, arrays):
    for name, value in arrays.items():
        if isinstance(value, list):
            (folder / f"{name}.json").write_text(json.dumps(value))
        else:
            np.save(folder / f"{name}.npy", value)


def measure(task, n, repeats, program):
    """Least seconds and quality of each contender, taking turns."""
    arrays, peers = TASKS[task][0](n)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, arrays)

        def rust(who):
            command = [program, "fit", folder, task.replace(" ", "-"), who]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, quality = out.split()
            return float(seconds), float(quality)

        def python(fit):
            start = time.perf_counter()
            fitted = fit.fit() if isinstance(fit, Judged) else fit()
            seconds = time.perf_counter() - start
            return seconds, fit.quality(fitted) if isinstance(fit, Judged) else fitted

        contenders = {"ours": lambda: rust("ours")}
        if task not in NO_LINFA:
            contenders["linfa"] = lambda: rust("linfa")
        for peer, fit in peers.items():
            contenders[peer] = lambda fit=fit: python(fit)
        best = {}
        for _ in range(repeats):
            for who, run in contenders.items():
                seconds, quality = run()
                if who not in best or seconds < best[who][0]:
                    best[who] = (seconds, quality)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built program of this package")
    parser.add_argument("tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--figure", type=Path, help="draw how cost grows with the rows")
    options = parser.parse_args()
    print("\n".join(contenders(options.program)), end="\n\n")
    print(f"{'task':<18}{'rows':>8}  {'ratio':>6}  {'asked':>6}  seconds (quality)")
    grown = {}
    for task in options.tasks or TASKS:
        _, largest, asked = TASKS[task]
        sizes = [largest]
        if options.figure:
            sizes = [max(largest // 30, 2), max(largest // 8, 3), largest]
        for n in sizes:
            best = measure(task, n, options.repeats, options.program)
            peers = {who: seconds for who, (seconds, _) in best.items() if who != "ours"}
            ratio = best["ours"][0] / min(peers.values())
            told = ", ".join(f"{who} {s:.4f} ({q:.6g})" for who, (s, q) in best.items())
            verdict = "" if n < largest else ("" if ratio <= asked else "  missed")
            print(f"{task:<18}{n:>8}  {ratio:>6.2f}  {asked:>6}  {told}{verdict}", flush=True)
            for who, (seconds, _) in best.items():
                grown.setdefault(task, {}).setdefault(who, []).append((n, seconds))
    if options.figure:
        lines = {
            task: [(who, [p[0] for p in points], [p[1] for p in points]) for who, points in of.items()]
            for task, of in grown.items()
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(lines, file)
            file.flush()
            subprocess.run([options.program, "plot", file.name, options.figure], check=True)
        print(f"figure: {options.figure}")


if __name__ == "__main__":
    main()
