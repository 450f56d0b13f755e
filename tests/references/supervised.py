"""Writes supervised.json: least squares, Bayesian ridge, support vectors, a perceptron's gradient and steps.

Needs scikit-learn 1.9.1, jax and optax. Tolerances of scikit-learn's solvers are tightened until the answers
have settled. The perceptron's gradient is scikit-learn's own backpropagation and, apart from it, jax's
automatic one; its training steps are optax's.

Made anew to 1e-8 in svc: libsvm stops at a violation of the optimum, at which the last bits decide when.
"""

import json
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import BayesianRidge, LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from place import fixture

assert sklearn.__version__ == "1.9.1"
jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(13)


def scaled(loader):
    raw, y = loader(return_X_y=True)
    return StandardScaler().fit_transform(raw), y


# --- Bayesian ridge -------------------------------------------------------------------------------------
raw, y = load_diabetes(return_X_y=True, scaled=False)
z = StandardScaler().fit_transform(raw)
wide = rng.normal(size=(25, 40))
target = wide[:, 0] - 2 * wide[:, 7] + 0.3 * rng.normal(size=25)
far = np.vstack([np.zeros(10), np.full(10, 3.0), rng.normal(size=(3, 10)) * 2])


def bayes(name, x, t, rows, **settings):
    model = BayesianRidge(max_iter=100_000, tol=1e-13, compute_score=True, **settings).fit(x, t)
    mean, sd = model.predict(rows, return_std=True)
    return {
        "data": name,
        "fit_intercept": model.fit_intercept,
        "rows": rows.tolist(),
        "coef": model.coef_.tolist(),
        "intercept": float(model.intercept_),
        "alpha": float(model.alpha_),
        "lambda": float(model.lambda_),
        "log_evidence": float(model.scores_[-1]),
        "mean": mean.tolist(),
        "sd": sd.tolist(),
    }


ridges = [
    bayes("standardised", z, y, far),
    bayes("raw", raw, y, raw[:6] * 1.5),
    bayes("standardised", z, y, far, fit_intercept=False),
    bayes("wide", wide, target, wide[:4] - 1.0),
]

# --- Kernel machines ------------------------------------------------------------------------------------
sets = {
    "breast_cancer": scaled(load_breast_cancer),
    "iris": scaled(load_iris),
    "wine": scaled(load_wine),
}


def dual_objective(x, kernel, vectors_of_pair, signed):
    k = kernel(x[vectors_of_pair], x[vectors_of_pair])
    return float(np.abs(signed).sum() - 0.5 * signed @ k @ signed)


def kernel_of(name, gamma):
    if name == "linear":
        return lambda a, b: a @ b.T
    if name == "rbf":
        return lambda a, b: np.exp(-gamma * ((a[:, None] - b[None]) ** 2).sum(2))
    return lambda a, b: (gamma * (a @ b.T) + 1.0) ** 3


machines = []
for data, kernel, gamma, c in [
    ("breast_cancer", "rbf", 0.03, 1.0),
    ("breast_cancer", "linear", 1.0, 0.1),
    ("breast_cancer", "poly", 0.05, 1.0),
    ("iris", "rbf", 0.5, 2.0),
    ("wine", "rbf", 0.05, 10.0),
    ("iris", "poly", 0.3, 0.5),
]:
    x, labels = sets[data]
    settings = {"kernel": kernel, "C": c, "tol": 1e-9, "degree": 3, "coef0": 1.0, "gamma": gamma}
    model = SVC(**settings, decision_function_shape="ovo").fit(x, labels)
    k = len(model.classes_)
    objectives = []
    for a in range(k):
        for b in range(a + 1, k):
            # A model of the pair alone is the machine that votes.
            rows = np.flatnonzero((labels == a) | (labels == b))
            pair = SVC(**settings).fit(x[rows], labels[rows])
            objectives.append(
                dual_objective(
                    x[rows], kernel_of(kernel, gamma), pair.support_, pair.dual_coef_[0]
                )
            )
    decision = model.decision_function(x[::7])
    # scikit-learn's positive side of a pair is its first class, of two classes alone the second.
    decision = decision[:, None] if k == 2 else -decision
    machines.append(
        {
            "data": data,
            "kernel": kernel,
            "gamma": gamma,
            "c": c,
            "support": sorted(model.support_.tolist()),
            "dual_objective": objectives,
            "decision": decision.tolist(),
            "predicted": model.predict(x).tolist(),
        }
    )

linear = []
for data, loss, c in [
    ("breast_cancer", "squared_hinge", 0.1),
    ("breast_cancer", "hinge", 0.05),
    ("iris", "squared_hinge", 1.0),
    ("wine", "hinge", 0.2),
]:
    x, labels = sets[data]
    settings = {"dual": True, "tol": 1e-11, "max_iter": 10_000_000, "random_state": 0}
    model = LinearSVC(loss=loss, C=c, **settings).fit(x, labels)
    linear.append(
        {
            "data": data,
            "loss": loss,
            "c": c,
            "coef": model.coef_.tolist(),
            "intercept": np.atleast_1d(model.intercept_).tolist(),
        }
    )

# --- Perceptron -----------------------------------------------------------------------------------------
bends = {"identity": lambda v: v, "logistic": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu}


def start(sizes):
    return [
        (rng.normal(size=(a, b)) / np.sqrt(a), 0.1 * rng.normal(size=b))
        for a, b in zip(sizes[:-1], sizes[1:])
    ]


def loss_of(layers, x, t, bend, l2, classes):
    a = x
    for i, (w, b) in enumerate(layers):
        a = a @ w + b
        if i + 1 < len(layers):
            a = bends[bend](a)
    if classes:
        data = -jnp.mean(jnp.sum(t * jax.nn.log_softmax(a), axis=1))
    else:
        data = 0.5 * jnp.mean(jnp.sum((a - t) ** 2, axis=1))
    return data + 0.5 * l2 * sum(jnp.sum(w**2) for w, _ in layers)


def sklearn_gradient(layers, x, t, bend, l2, classes):
    """scikit-learn's backpropagation; its penalty is divided by the rows, ours is not."""
    kind = MLPClassifier if classes else MLPRegressor
    hidden = tuple(w.shape[1] for w, _ in layers[:-1])
    model = kind(hidden_layer_sizes=hidden, activation=bend, alpha=l2 * len(x), max_iter=1)
    labels = t.argmax(1) if classes else t
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, labels)
    model.coefs_ = [w for w, _ in layers]
    model.intercepts_ = [b for _, b in layers]
    n_layers = len(layers)
    activations = [x] + [None] * n_layers
    # The loss it reports averages over a regressor's outputs; its gradient, taken here, sums over them.
    _, coef, intercept = model._backprop(
        x, t, None, activations, [None] * n_layers, [None] * n_layers, [None] * n_layers
    )
    return coef, intercept


def numbers(layers):
    return [{"weights": np.asarray(w).tolist(), "bias": np.asarray(b).tolist()} for w, b in layers]


x3 = sets["iris"][0][::3]
y3 = sets["iris"][1][::3]
hot = np.eye(3)[y3]
values = np.column_stack([np.sin(x3[:, 0]), x3[:, 1] * x3[:, 2]])
gradients = []
for bend in bends:
    for classes in (True, False):
        t = hot if classes else values
        layers = start([4, 6, 5, t.shape[1]])
        value, auto = jax.value_and_grad(loss_of)(layers, x3, t, bend, 0.02, classes)
        coef, intercept = sklearn_gradient(layers, x3, t, bend, 0.02, classes)
        for (w, b), sw, sb in zip(auto, coef, intercept):
            assert np.allclose(w, sw, atol=1e-12) and np.allclose(b, sb, atol=1e-12)
        gradients.append(
            {
                "activation": bend,
                "classes": classes,
                "layers": numbers(layers),
                "loss": float(value),
                "gradient": numbers(zip(coef, intercept)),
            }
        )

steps = []
for name, optimiser in [
    ("sgd", optax.sgd(0.1, momentum=0.9)),
    ("adam", optax.adam(0.01)),
]:
    layers = start([4, 6, 3])
    now, state = layers, optimiser.init(layers)
    for _ in range(40):
        slope = jax.grad(loss_of)(now, x3, hot, "tanh", 0.01, True)
        update, state = optimiser.update(slope, state)
        now = optax.apply_updates(now, update)
    steps.append({"optimiser": name, "start": numbers(layers), "end": numbers(now)})

# --- Least squares --------------------------------------------------------------------------------------
row_weights = rng.uniform(0.2, 3.0, size=len(y))
least_squares = []
for fit_intercept, weights in [(True, None), (True, row_weights), (False, row_weights)]:
    model = LinearRegression(fit_intercept=fit_intercept).fit(raw, y, sample_weight=weights)
    least_squares.append(
        {
            "fit_intercept": fit_intercept,
            "weights": None if weights is None else weights.tolist(),
            "coef": model.coef_.tolist(),
            "intercept": float(model.intercept_),
            "r2": float(model.score(raw, y)),
        }
    )

out = {
    "packages": {"scikit-learn": sklearn.__version__, "jax": jax.__version__, "optax": optax.__version__},
    "wide": wide.tolist(),
    "target": target.tolist(),
    "bayes": ridges,
    "svc": machines,
    "linear_svc": linear,
    "mlp": {"x": x3.tolist(), "classes": y3.tolist(), "values": values.tolist()},
    "gradients": gradients,
    "steps": steps,
    "least_squares": least_squares,
}
fixture(__file__).write_text(json.dumps(out))
