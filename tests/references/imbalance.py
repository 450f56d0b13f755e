"""Writes imbalance.json: resampling, class weights, losses and corrected probabilities.

Needs NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, imbalanced-learn 0.14.2 and jax 0.10.2. Losses follow the
formulas of PyTorch's BCEWithLogitsLoss and torchvision's sigmoid_focal_loss, written in jax with 64 bits and
differentiated by it; the probabilities that focal loss means come from a bounded search for the minimum of
the expected loss, without a derivative; shifted probabilities from the densities of two normal distributions.
"""

import json

import imblearn
import jax
import jax.numpy as jnp
import numpy as np
import scipy
import sklearn
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from scipy import optimize, stats
from scipy.special import expit
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from place import fixture

assert np.__version__ == "2.4.6" and scipy.__version__ == "1.17.1" and sklearn.__version__ == "1.9.1"
assert imblearn.__version__ == "0.14.2" and jax.__version__ == "0.10.2"
jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(22)
out = {
    "versions": {
        "scikit-learn": sklearn.__version__,
        "imbalanced-learn": imblearn.__version__,
        "jax": jax.__version__,
    }
}

# How many rows of each class are left; ratios that imbalanced-learn accepts.
out["counts"] = []
for sizes, ratios in [((90, 10), (0.2, 0.37, 0.5, 1.0)), ((31, 7), (0.3, 0.7, 1.0)), ((500, 13), (0.05, 0.333, 0.9))]:
    y = np.repeat([0, 1], sizes)
    x = rng.normal(size=(len(y), 2))
    for ratio in ratios:
        count = lambda sampler: np.bincount(sampler.fit_resample(x, y)[1]).tolist()  # noqa: B023, E731
        out["counts"].append(
            {
                "sizes": sizes,
                "ratio": ratio,
                "under": count(RandomUnderSampler(sampling_strategy=ratio, random_state=0)),
                "over": count(RandomOverSampler(sampling_strategy=ratio, random_state=0)),
                "smote": count(SMOTE(sampling_strategy=ratio, k_neighbors=4, random_state=0)),
            }
        )

# SMOTE: the neighbours that scikit-learn finds, and the first two moments of a new row, which follow from
# them (E u = 1/2, E u^2 = 1/3); imbalanced-learn's own new rows must have them, too.
x = np.vstack([rng.normal(size=(60, 3)), rng.normal(2, [1, 0.5, 2], size=(14, 3))])
y = np.repeat([0, 1], (60, 14))
k = 4
own = x[y == 1]
neighbours = NearestNeighbors(n_neighbors=k + 1).fit(own).kneighbors(own, return_distance=False)[:, 1:]
d = own[neighbours] - own[:, None, :]
mean = (own[:, None, :] + d / 2).mean((0, 1))
square = (own[:, None, :] ** 2 + own[:, None, :] * d + d**2 / 3).mean((0, 1))
# The fourth moment, for the spread of the second, by the midpoint rule over u.
u = (np.arange(4000) + 0.5) / 4000
fourth = ((own[:, None, None, :] + u[:, None] * d[:, :, None, :]) ** 4).mean((0, 1, 2))
new = np.vstack([SMOTE(k_neighbors=k, random_state=s).fit_resample(x, y)[0][len(y) :] for s in range(400)])
se = np.sqrt((square - mean**2) / len(new))
assert np.all(np.abs(new.mean(0) - mean) < 4 * se), (new.mean(0), mean, se)
se2 = np.sqrt((fourth - square**2) / len(new))
assert np.all(np.abs((new**2).mean(0) - square) < 4 * se2)
out["smote"] = {
    "x": x.tolist(), "y": y.tolist(), "k": k, "neighbours": neighbours.tolist(),
    "mean": mean.tolist(), "square": square.tolist(), "fourth": fourth.tolist(),
}  # fmt: skip

# Class weights.
out["weights"] = []
for sizes in [(90, 10), (3, 4, 5), (1000, 1, 30, 7)]:
    y = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    out["weights"].append(
        {
            "y": y.tolist(),
            "classes": compute_class_weight("balanced", classes=np.unique(y), y=y).tolist(),
            "rows": compute_sample_weight("balanced", y).tolist(),
        }
    )

# Logistic regression with weights of rows: scikit-learn adds the weighted losses up, so C = 1 / (lambda sum v).
cancer = datasets.load_breast_cancer()
x = StandardScaler().fit_transform(cancer.data)
given = rng.uniform(0.2, 3, size=len(x))
out["logistic"] = []
for name, v in [("balanced", compute_sample_weight("balanced", cancer.target)), ("given", given)]:
    for strength in (1e-3, 1e-1):
        model = LogisticRegression(C=1 / (v.sum() * strength), solver="newton-cholesky", tol=1e-14, max_iter=500)
        model.fit(x, cancer.target, sample_weight=v)
        out["logistic"].append(
            {
                "name": name, "weights": v.tolist(), "l2": strength,
                "coef": model.coef_[0].tolist(), "intercept": float(model.intercept_[0]),
            }  # fmt: skip
        )


# Losses.
def bce(z, y):
    return jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))


def focal(z, y, alpha, gamma):
    p = jax.nn.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    loss = bce(z, y) * (1 - p_t) ** gamma
    if alpha is not None:
        loss = (alpha * y + (1 - alpha) * (1 - y)) * loss
    return loss.mean()


def weighted(z, y, w0, w1):
    """PyTorch's pos_weight is w1 where w0 = 1; both classes go through the stable form."""
    return (w1 * y * bce(z, jnp.ones_like(z)) + w0 * (1 - y) * bce(z, jnp.zeros_like(z))).mean()


z = jnp.array(np.concatenate([rng.normal(0, 3, 18), [12.0, -12.0]]))
hard = jnp.array(rng.integers(0, 2, 20).astype(float))
soft = jnp.array(rng.uniform(size=20))
out["z"], out["hard"], out["soft"] = z.tolist(), hard.tolist(), soft.tolist()
both = lambda f, *args: dict(zip(("loss", "grad"), (np.asarray(v).tolist() for v in jax.value_and_grad(f)(z, *args))))  # noqa: E731
out["focal"] = [
    {"alpha": alpha, "gamma": gamma, **both(focal, hard, alpha, gamma)}
    for alpha in (None, 0.25, 0.9)
    for gamma in (0.0, 0.5, 1.0, 2.0, 5.0)
]
out["weighted_bce"] = [
    {"w0": w0, "w1": w1, "hard": both(weighted, hard, w0, w1), "soft": both(weighted, soft, w0, w1)}
    for w0, w1 in [(1.0, 1.0), (1.0, 9.0), (0.55, 5.0), (20.0, 0.3)]
]
# Cross-check by the other route: pos_weight's own formula.
log_weight = (9.0 - 1) * hard + 1
pos_weight = (1 - hard) * z + log_weight * (jnp.log1p(jnp.exp(-jnp.abs(z))) + jnp.maximum(-z, 0))
assert abs(pos_weight.mean() - out["weighted_bce"][1]["hard"]["loss"]) < 1e-14

# Where the expected focal loss is least, given the truth.
out["posterior"] = []
for alpha in (None, 0.25):
    for gamma in (0.5, 2.0, 5.0):
        a1, a0 = (1, 1) if alpha is None else (alpha, 1 - alpha)
        for eta in (0.003, 0.05, 0.3, 0.5, 0.8, 0.97):
            risk = lambda m: -(  # noqa: E731
                eta * a1 * expit(-m) ** gamma * np.log(expit(m))  # noqa: B023
                + (1 - eta) * a0 * expit(m) ** gamma * np.log(expit(-m))  # noqa: B023
            )
            best = optimize.minimize_scalar(risk, bounds=(-12, 12), method="bounded", options={"xatol": 1e-12})
            out["posterior"].append({"alpha": alpha, "gamma": gamma, "eta": eta, "p": float(expit(best.x))})

# Two normal distributions: the posterior of class 1 under one prior and under another.
out["shift"] = []
for m1, s1, train, test in [(1.5, 1.0, 0.5, 0.01), (1.5, 0.6, 0.2, 0.7), (-2.0, 2.0, 0.03, 0.5)]:
    grid = np.linspace(-4, 4, 33)
    posterior = lambda prior: (  # noqa: E731
        prior * stats.norm.pdf(grid, m1, s1)  # noqa: B023
        / (prior * stats.norm.pdf(grid, m1, s1) + (1 - prior) * stats.norm.pdf(grid))  # noqa: B023
    )
    # Negatives kept at this rate make the training prior out of the other one.
    rate = test * (1 - train) / (train * (1 - test))
    out["shift"].append(
        {"train": train, "test": test, "rate": rate, "p": posterior(train).tolist(), "q": posterior(test).tolist()}
    )


# Balanced bagging of trees: balanced accuracy on new rows.
def world(n, seed):
    rng = np.random.default_rng(seed)
    y = (rng.uniform(size=n) < 0.05).astype(int)
    x = rng.normal(size=(n, 3)) + y[:, None] * np.array([1.5, 1.0, 0.5])
    return x.round(4), y


(x, y), (x_new, y_new) = world(1000, 1), world(1500, 2)
scores, plain = [], []
for s in range(10):
    tree = DecisionTreeClassifier(max_depth=4, random_state=s)
    model = BalancedBaggingClassifier(tree, n_estimators=25, random_state=s).fit(x, y)
    scores.append(balanced_accuracy_score(y_new, model.predict(x_new)))
    plain.append(balanced_accuracy_score(y_new, tree.fit(x, y).predict(x_new)))
print("balanced accuracy", np.mean(scores), np.std(scores, ddof=1), "one plain tree", np.mean(plain))
out["bagging"] = {
    "x": x.tolist(), "y": y.tolist(), "x_new": x_new.tolist(), "y_new": y_new.tolist(),
    "scores": scores, "plain": float(np.mean(plain)),
}  # fmt: skip
fixture(__file__).write_text(json.dumps(out) + "\n")
