"""Writes loss.json: binary, categorical and soft cross-entropy with their gradients.

Needs jax 0.10.2, optax 0.2.8, SciPy 1.17.1, scikit-learn 1.9.1. Losses are summed with 60 digits by
Python's decimal module from the formulas in PyTorch's documentation of `CrossEntropyLoss` (2.x), written
out here; gradients come from jax in double precision. jax, optax, SciPy and scikit-learn must agree
with the long sums before anything is written.
"""

import itertools
import json
from decimal import Decimal, getcontext

import jax
import numpy as np
import optax
import scipy
import sklearn
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from place import fixture

assert jax.__version__ == "0.10.2"
assert optax.__version__ == "0.2.8"
assert scipy.__version__ == "1.17.1"
assert sklearn.__version__ == "1.9.1"
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy
getcontext().prec = 60
rng = np.random.default_rng(9)
D = lambda v: Decimal(float(v))


def close(a, b, tol=1e-13):
    a, b = np.asarray(a, float), np.asarray(b, float)
    assert np.all(np.abs(a - b) <= tol * np.maximum(1.0, np.abs(b))), (a, b)


# Binary, from probabilities and from logits.
def long_bce(p, y):
    term = lambda w, q: D(w) * q.ln() if w else Decimal(0)
    return -sum(term(y, D(p)) + term(1 - y, 1 - D(p)) for p, y in zip(p, y)) / len(p)


def long_bce_with_logits(z, y):
    # -y ln s - (1 - y) ln(1 - s) with s = 1 / (1 + exp(-z)).
    plus = lambda z: (1 + D(z).exp()).ln()
    return sum(plus(z) - D(y) * D(z) for z, y in zip(z, y)) / len(z)


hard = rng.integers(0, 2, 12).astype(float)
soft = rng.uniform(size=12)
p = rng.uniform(0.001, 0.999, 12)
binary = []
for y in (hard, soft):
    z = 4 * rng.normal(size=12)
    value = long_bce_with_logits(z, y)
    loss = lambda z: optax.losses.sigmoid_binary_cross_entropy(z, y).mean()
    close(loss(z), value)
    binary.append(
        {
            "y": y.tolist(),
            "p": p.tolist(),
            "bce": float(long_bce(p, y)),
            "z": z.tolist(),
            "with_logits": float(value),
            "grad": jax.grad(loss)(z).tolist(),
        }
    )
close(log_loss(hard, p), float(long_bce(p, hard)))
# Losses far out: 400 digits, because doubles reach down to 1e-324.
getcontext().prec = 400
far = [(1e4, 0.0), (-1e4, 1.0), (1e4, 1.0), (-1e4, 0.0), (40.0, 1.0), (-700.0, 0.0), (700.0, 0.25)]
extremes = [{"z": z, "y": y, "loss": float(long_bce_with_logits([z], [y]))} for z, y in far]
getcontext().prec = 60
# scikit-learn clips: a certain and wrong forecast costs -ln(eps) of the array's type, not infinity.
clipped = log_loss([1, 0], [0.0, 0.0], labels=[0, 1])
close(clipped, -np.log(np.finfo(float).eps) / 2, 1e-12)


# Categorical, with PyTorch's options.
def log_p(row):
    total = sum(D(v).exp() for v in row).ln()
    return [D(v) - total for v in row]


def long_cross_entropy(z, y, w, smoothing, ignore, mean):
    n_classes = len(z[0])
    w = [Decimal(1)] * n_classes if w is None else [D(v) for v in w]
    e = D(smoothing)
    total, weight = Decimal(0), Decimal(0)
    for row, label in zip(z, y):
        if label == ignore:
            continue
        lp = log_p(row)
        total -= (1 - e) * w[label] * lp[label]
        total -= e / n_classes * sum(wc * l for wc, l in zip(w, lp))
        weight += w[label]
    return total / weight if mean else total


def jax_cross_entropy(z, y, w, smoothing, ignore, mean):
    n_classes = z.shape[1]
    w = jnp.ones(n_classes) if w is None else jnp.asarray(w)
    kept = np.array([label != ignore for label in y])
    target = optax.losses.smooth_labels(jax.nn.one_hot(y, n_classes, dtype=z.dtype), smoothing)
    rows = -(w * target * jax.nn.log_softmax(z, axis=1)).sum(1)
    total = jnp.where(kept, rows, 0.0).sum()
    return total / jnp.where(kept, w[y], 0.0).sum() if mean else total


n, c = 9, 4
z = 3 * rng.normal(size=(n, c))
y = np.array([0, 3, 1, 1, 2, 0, 2, 3, 1])
w = np.array([0.2, 1.0, 0.0, 2.5])
close(log_softmax(z, axis=1), [[float(v) for v in log_p(row)] for row in z])
options = []
for weights, smoothing, ignore, mean in itertools.product(
    [None, w], [0.0, 0.1, 1.0], [None, 1], [True, False]
):
    value = float(long_cross_entropy(z, y, weights, smoothing, ignore, mean))
    f = lambda z: jax_cross_entropy(z, y, weights, smoothing, ignore, mean)
    close(f(z), value)
    options.append(
        {
            "weights": None if weights is None else weights.tolist(),
            "label_smoothing": smoothing,
            "ignore_index": ignore,
            "mean": mean,
            "loss": value,
            "grad": jax.grad(f)(jnp.asarray(z)).tolist(),
        }
    )
plain = lambda z: optax.losses.softmax_cross_entropy_with_integer_labels(z, y).mean()
close(plain(z), long_cross_entropy(z, y, None, 0.0, None, True))
softmax = np.exp(log_softmax(z, axis=1))
close(log_loss(y, softmax / softmax.sum(1, keepdims=True)), float(plain(z)), 1e-12)

far_z = [[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [45.0, 0.0, -1.0], [0.0, 0.0, 0.0], [-800.0, -801.0, -1e4]]
far_y = [[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]]
getcontext().prec = 400
far_losses = [
    [float(long_cross_entropy([row], [label], None, 0.0, None, True)) for label in labels]
    for row, labels in zip(far_z, far_y)
]
getcontext().prec = 60

# Soft targets.
q = rng.dirichlet(np.ones(c), n)
q[0] = [0.0, 1.0, 0.0, 0.0]
soft_value = -sum(D(b) * l for row, t in zip(z, q) for b, l in zip(t, log_p(row))) / n
soft_loss = lambda z: optax.losses.softmax_cross_entropy(z, q).mean()
close(soft_loss(z), soft_value)

out = {
    "jax": jax.__version__,
    "optax": optax.__version__,
    "binary": binary,
    "extremes": extremes,
    "sklearn_clipped": clipped,
    "z": z.tolist(),
    "y": y.tolist(),
    "options": options,
    "far_z": far_z,
    "far_losses": far_losses,
    "q": q.tolist(),
    "soft": {"loss": float(soft_value), "grad": jax.grad(soft_loss)(jnp.asarray(z)).tolist()},
}
fixture(__file__).write_text(json.dumps(out))
