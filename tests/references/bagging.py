"""Writes bagging.json: bias and variance in closed form, and mlxtend's estimate of them.

Needs NumPy 2.4.6, scikit-learn 1.9.1 and mlxtend 0.25.0. On a fixed design ridge regression and k nearest
neighbours are linear in the labels, f^ = H y, so bias and variance at x are (H f - f(x))^2 and
sigma^2 ||H||^2, with no sampling at all.
"""

import json

import mlxtend
import numpy as np
import sklearn
from mlxtend.evaluate import bias_variance_decomp
from sklearn.tree import DecisionTreeRegressor

from place import fixture

assert np.__version__ == "2.4.6" and sklearn.__version__ == "1.9.1" and mlxtend.__version__ == "0.25.0"
rng = np.random.default_rng(3)
noise_sd = 0.5
truth = lambda x: np.sin(2 * x[:, 0]) + 0.5 * x[:, 1]  # noqa: E731
x = rng.uniform(-2, 2, size=(40, 2))
x_test = rng.uniform(-2, 2, size=(12, 2))
f, f_test = truth(x), truth(x_test)


def parts(h):
    return {"bias2": ((h @ f - f_test) ** 2).tolist(), "variance": (noise_sd**2 * (h**2).sum(1)).tolist()}


def ridge(penalty):
    """No intercept: (x'x + penalty I)^-1 x'y."""
    return x_test @ np.linalg.solve(x.T @ x + penalty * np.eye(2), x.T)


def neighbours(k):
    distance = ((x_test[:, None, :] - x[None]) ** 2).sum(2)
    h = np.zeros((len(x_test), len(x)))
    for i, row in enumerate(np.argsort(distance, axis=1)[:, :k]):
        h[i, row] = 1 / k
    return h


# mlxtend refits on bootstrap samples of one training set and compares with noisy test labels, so its
# "bias" holds the noise.
y, y_test = f + noise_sd * rng.normal(size=40), f_test + noise_sd * rng.normal(size=12)
boot = [
    bias_variance_decomp(
        DecisionTreeRegressor(max_depth=2, min_samples_leaf=5, random_state=0),
        x, y, x_test, y_test, loss="mse", num_rounds=400, random_seed=s,
    )
    for s in range(10)
]
shapes = [(30, 20), (30, 30), (30, 80)]
systems = []
for n, d in shapes:
    a, b = rng.normal(size=(n, d)), rng.normal(size=n)
    if n == d:
        # Rank 10.
        a = rng.normal(size=(n, 10)) @ rng.normal(size=(10, d))
    systems.append({"a": a.tolist(), "b": b.tolist(), "beta": np.linalg.lstsq(a, b)[0].tolist()})
out = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "mlxtend": mlxtend.__version__},
    "noise_sd": noise_sd,
    "x": x.tolist(),
    "x_test": x_test.tolist(),
    "ridge": [{"penalty": p, **parts(ridge(p))} for p in (0.0, 5.0, 60.0)],
    "neighbours": [{"k": k, **parts(neighbours(k))} for k in (1, 4, 12)],
    "mlxtend": {"y": y.tolist(), "y_test": y_test.tolist(), "loss_bias_variance": [list(map(float, b)) for b in boot]},
    "min_norm": systems,
}
print(np.mean(boot, 0), np.std(boot, 0, ddof=1))
fixture(__file__).write_text(json.dumps(out))
