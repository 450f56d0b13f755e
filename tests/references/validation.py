"""Writes validation.json: splits, curves, stacking, schedules, pictures, early stopping beside ridge.

Needs scikit-learn 1.9.1, SciPy 1.17.1 and mpmath 1.3.0. Schedules are also held against optax 0.2.8 here,
in double precision; gradient descent on the quadratic is iterated, not taken from its closed form.
"""

import json

import jax
import mpmath
import numpy as np
import optax
import scipy
import sklearn
from scipy import ndimage
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import StackingRegressor
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
    learning_curve,
    train_test_split,
    validation_curve,
)
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from place import fixture

assert sklearn.__version__ == "1.9.1"
assert scipy.__version__ == "1.17.1"
assert optax.__version__ == "0.2.8"
assert mpmath.__version__ == "1.3.0"
jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(18)

# --- splits -----------------------------------------------------------------------------------------------


def plain(splits):
    return [{"train": a.tolist(), "test": b.tolist()} for a, b in splits]


in_order = [
    {"n": n, "k": k, "splits": plain(KFold(k).split(np.zeros(n)))} for n, k in [(10, 3), (7, 7), (23, 5)]
]
by_class = []
for n, k, weights in [(30, 3, [0.5, 0.3, 0.2]), (101, 5, [0.7, 0.3]), (60, 4, [0.4, 0.3, 0.2, 0.1])]:
    y = rng.choice(len(weights), n, p=weights)
    # scikit-learn numbers the classes by their first appearance.
    y[: len(weights)] = np.arange(len(weights))
    by_class.append({"y": y.tolist(), "k": k, "splits": plain(StratifiedKFold(k).split(np.zeros(n), y))})
by_group = []
for k in (2, 3, 4):
    # Groups of different sizes, so that no tie decides.
    sizes = np.arange(1, 13)
    groups = rng.permutation(np.repeat(rng.permutation(12), sizes))
    by_group.append(
        {"groups": groups.tolist(), "k": k, "splits": plain(GroupKFold(k).split(groups, groups=groups))}
    )
by_both = []
# From k = 5 on the last digit of a sum decides between folds that are equally good in scikit-learn.
for k in (2, 3, 4):
    groups = rng.permutation(np.repeat(np.arange(24), rng.integers(2, 9, 24)))
    y = (rng.random(len(groups)) < 0.2 + 0.6 * (groups % 3) / 3).astype(int)
    splits = plain(StratifiedGroupKFold(k).split(np.zeros(len(y)), y, groups))
    by_both.append({"y": y.tolist(), "groups": groups.tolist(), "k": k, "splits": splits})
in_time = []
for n, k, gap in [(8, 2, 1), (50, 4, 0), (53, 5, 3), (12, 3, 2)]:
    splits = plain(TimeSeriesSplit(n_splits=k, gap=gap).split(np.zeros(n)))
    in_time.append({"n": n, "k": k, "gap": gap, "splits": splits})
two_parts = []
for n, share in [(97, 0.3), (150, 0.25), (1000, 0.123)]:
    y = rng.choice(4, n, p=[0.5, 0.25, 0.15, 0.1])
    a, b = next(StratifiedShuffleSplit(1, test_size=share, random_state=0).split(np.zeros(n), y))
    a_plain, b_plain = train_test_split(np.arange(n), test_size=share, random_state=0)
    two_parts.append(
        {
            "y": y.tolist(),
            "share": share,
            "train_counts": np.bincount(y[a], minlength=4).tolist(),
            "test_counts": np.bincount(y[b], minlength=4).tolist(),
            "plain_sizes": [len(a_plain), len(b_plain)],
        }
    )

# --- scores and curves ------------------------------------------------------------------------------------
set_ = load_diabetes(scaled=False)
x, y = set_.data, set_.target
folds = KFold(5)
scores = cross_val_score(Ridge(alpha=1.0), x, y, cv=folds)
sizes, train, test = learning_curve(LinearRegression(), x, y, train_sizes=[15, 40, 120, 353], cv=folds)
alphas = [0.01, 1.0, 30.0, 1000.0, 1e5]
scaled = StandardScaler().fit_transform(x)
v_train, v_test = validation_curve(Ridge(), scaled, y, param_name="alpha", param_range=alphas, cv=folds)
iris = load_iris()
tree_scores = cross_val_score(
    DecisionTreeClassifier(max_depth=1), iris.data, iris.target, cv=StratifiedKFold(5)
)

# --- stacking ---------------------------------------------------------------------------------------------
given = [(a, b) for a, b in folds.split(x)]
bases = [("ridge", Ridge(alpha=5.0)), ("lasso", Lasso(alpha=2.0, tol=1e-12, max_iter=100_000)), ("two", Ridge(alpha=1e6))]
stack = StackingRegressor(bases, final_estimator=Ridge(alpha=0.5), cv=given).fit(x, y)
stacking = {
    "predictions": stack.predict(x).tolist(),
    "meta_coef": stack.final_estimator_.coef_.tolist(),
    "meta_intercept": float(stack.final_estimator_.intercept_),
}

# --- schedules: the formula in 40 digits, and optax beside -------------------------------------------------
mpmath.mp.dps = 40


def cosine(lr, low, total, t):
    lr, low = mpmath.mpf(lr), mpmath.mpf(low)
    return low + (lr - low) * (1 + mpmath.cos(mpmath.pi * min(t, total) / total)) / 2


steps = [0, 1, 7, 50, 99, 100, 137, 200]
schedules = {
    "steps": steps,
    "cosine": [float(cosine(0.3, 0.01, 100, t)) for t in steps],
    "step": [float(mpmath.mpf("0.3") * mpmath.mpf("0.7") ** (t // 30)) for t in steps],
    "inverse": [float(mpmath.mpf("0.3") / (1 + mpmath.mpf("0.02") * t)) for t in steps],
    "warmup": [
        float(mpmath.mpf("0.3") * (t + 1) / 21) if t < 20 else float(cosine(0.3, 0.01, 130, t - 20))
        for t in steps
    ],
}
peers = {
    "cosine": optax.cosine_decay_schedule(0.3, 100, alpha=0.01 / 0.3),
    "step": optax.exponential_decay(0.3, 30, 0.7, staircase=True),
    # optax begins its climb at init_value, ours one step above 0.
    "warmup": optax.join_schedules(
        [
            optax.linear_schedule(0.3 / 21, 0.3, 20),
            optax.cosine_decay_schedule(0.3, 130, alpha=0.01 / 0.3),
        ],
        [20],
    ),
}
for name, peer in peers.items():
    for t, value in zip(steps, schedules[name]):
        assert abs(float(peer(jax.numpy.asarray(t, dtype="float64"))) - value) < 1e-12, (name, t)

# --- pictures ---------------------------------------------------------------------------------------------
picture = rng.random((9, 12))
maps = []
for angle, factor, shift in [(0.3, 1.0, (0.0, 0.0)), (-1.2, 1.4, (0.5, -2.25)), (2.0, 0.6, (1.0, 3.0))]:
    m = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / factor
    c = (np.array(picture.shape) - 1) / 2
    offset = c - m @ c + np.array(shift)
    seen = ndimage.affine_transform(picture, m, offset, order=1, mode="grid-constant", cval=0.25)
    maps.append({"map": m.tolist(), "shift": list(shift), "seen": seen.tolist()})
# SciPy turns by a positive angle from the first axis to the second: clockwise on the screen is negative.
bump = np.exp(-((np.mgrid[:15, :15] - np.array([[[4.0]], [[9.0]]])) ** 2).sum(0) / 6)
turned = ndimage.rotate(bump, 30.0, order=1, reshape=False, mode="grid-constant", cval=0.0)

# --- early stopping beside ridge, on a quadratic ------------------------------------------------------------
#   loss(w) = |y - X w|^2 / 2, columns at right angles: curvature h in each direction
n, d, h = 40, 5, 3.0
q, _ = np.linalg.qr(rng.normal(size=(n, d)))
xq = q * np.sqrt(h)
yq = xq @ rng.normal(size=d) + 0.5 * rng.normal(size=n)


def descend(x, y, lr, steps):
    w = np.zeros(x.shape[1])
    path = []
    for _ in range(steps):
        w = w + lr * x.T @ (y - x @ w)
        path.append(w.copy())
    return path


lr = 0.01
equal_curvature = []
path = descend(xq, yq, lr, 200)
for t in (5, 40, 120):
    kept = 1 - (1 - lr * h) ** t
    lam = h * (1 - kept) / kept
    w = Ridge(alpha=lam, fit_intercept=False, solver="cholesky").fit(xq, yq).coef_
    equal_curvature.append({"steps": t, "alpha": lam, "descent": path[t - 1].tolist(), "ridge": w.tolist()})
# Any curvatures, few steps: alpha = 1 / (t lr).
xg = rng.normal(size=(n, d)) @ np.diag([2.0, 1.5, 1.0, 0.5, 0.2])
yg = xg @ rng.normal(size=d) + 0.5 * rng.normal(size=n)
top = np.linalg.eigvalsh(xg.T @ xg)[-1]
small_lr = 0.0005 / top
few_steps = []
path = descend(xg, yg, small_lr, 200)
for t in (20, 80, 200):
    lam = 1 / (t * small_lr)
    w = Ridge(alpha=lam, fit_intercept=False, solver="cholesky").fit(xg, yg).coef_
    few_steps.append({"steps": t, "alpha": lam, "descent": path[t - 1].tolist(), "ridge": w.tolist()})

# --- adversarial validation: the area's standard error without a shift ------------------------------------
#   as scikit-learn's forest has it, on ten draws
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

areas = []
for seed in range(10):
    r = np.random.default_rng(seed)
    z = r.normal(size=(300, 5))
    part = np.r_[np.zeros(160, int), np.ones(140, int)]
    one = []
    for a, b in StratifiedKFold(5, shuffle=True, random_state=seed).split(z, part):
        forest = RandomForestClassifier(60, min_samples_leaf=5, random_state=seed).fit(z[a], part[a])
        one.append(roc_auc_score(part[b], forest.predict_proba(z[b])[:, 1]))
    areas.append(float(np.mean(one)))
assert max(abs(a - 0.5) for a in areas) < 3 * np.sqrt(301 / (12 * 160 * 140)), areas

out = {
    "in_order": in_order,
    "by_class": by_class,
    "by_group": by_group,
    "by_both": by_both,
    "in_time": in_time,
    "two_parts": two_parts,
    "scores": scores.tolist(),
    "tree_scores": tree_scores.tolist(),
    "learning": {"sizes": sizes.tolist(), "train": train.tolist(), "validation": test.tolist()},
    "validation": {"values": alphas, "train": v_train.tolist(), "validation": v_test.tolist()},
    "stacking": stacking,
    "schedules": schedules,
    "picture": picture.tolist(),
    "maps": maps,
    "bump": bump.tolist(),
    "turned": turned.tolist(),
    "equal_curvature": {"x": xq.tolist(), "y": yq.tolist(), "lr": lr, "runs": equal_curvature},
    "few_steps": {"x": xg.tolist(), "y": yg.tolist(), "lr": small_lr, "runs": few_steps},
}
fixture(__file__).write_text(json.dumps(out))
