"""Writes trees.json: scikit-learn's trees, forests and boosted trees on fixed data.

Needs scikit-learn 1.9.1. scikit-learn works on single-precision features and breaks ties between splits
by chance, so the data are single-precision numbers, and every tree written here is the same for twenty
random states: it has no tied splits.
"""

import json

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from place import fixture

assert sklearn.__version__ == "1.9.1"
rng = np.random.default_rng(13)
single = lambda a: a.astype(np.float32).astype(float)  # noqa: E731


def data(n, d):
    x = single(rng.normal(size=(n, d)))
    # No two values of a column so near that scikit-learn would take them for one.
    assert np.diff(np.sort(x, axis=0), axis=0).min() > 2e-7
    return x


x, x_new = data(400, 4), data(60, 4)
score = np.column_stack([x[:, 0] + x[:, 1] ** 2, 1.5 * x[:, 2], 1 - x[:, 0] * x[:, 3]])
classes = (score + rng.gumbel(size=score.shape)).argmax(1)
numbers = x[:, 0] ** 2 + np.sin(2 * x[:, 1]) + x[:, 2] * x[:, 3] + 0.3 * rng.normal(size=len(x)) + 40
# Uneven weights, which no two splits share, allow deeper trees without ties.
weights = np.where(rng.random(len(x)) < 0.2, 0.0, rng.uniform(0.2, 2.0, size=len(x)))


def structure(model):
    t = model.tree_
    return {
        "feature": t.feature.tolist(),
        "threshold": t.threshold.tolist(),
        "left": t.children_left.tolist(),
        "right": t.children_right.tolist(),
        "n_samples": t.n_node_samples.tolist(),
        "impurity": t.impurity.tolist(),
        "value": t.value.reshape(t.node_count, -1).tolist(),
    }


def untied(make, y, **fit):
    """The model, after a check that chance has no say in it."""
    model = make(0).fit(x, y, **fit)
    for state in range(1, 20):
        a, b = structure(model), structure(make(state).fit(x, y, **fit))
        # Sums in another order differ in their last bits.
        same = all(len(a[k]) == len(b[k]) and np.allclose(a[k], b[k], rtol=0, atol=1e-9) for k in a)
        assert same, "tied splits"
    return model


def tree_case(kind, y, use_weights=False, criterion=None, **settings):
    named = settings | ({"criterion": criterion} if criterion else {})
    make = lambda state: kind(random_state=state, **named)  # noqa: E731
    fit = {"sample_weight": weights} if use_weights else {}
    model = untied(make, y, **fit)
    return {
        "max_depth": settings.get("max_depth"),
        "min_leaf": settings.get("min_samples_leaf", 1),
        "min_split": settings.get("min_samples_split", 2),
        "criterion": criterion,
        "weighted": use_weights,
        "tree": structure(model),
        "importance": model.feature_importances_.tolist(),
        "predict": np.asarray(model.predict(x_new), float).tolist(),
    }


def pruning(kind, y, **settings):
    model = untied(lambda state: kind(random_state=state, **settings), y)
    path = model.cost_complexity_pruning_path(x, y)
    alphas = [0.5 * (a + b) for a, b in zip(path.ccp_alphas, path.ccp_alphas[1:]) if b > a + 1e-9]
    alphas = alphas[:: max(1, len(alphas) // 8)]
    pruned = [kind(random_state=0, ccp_alpha=a, **settings).fit(x, y) for a in alphas]
    return {
        "min_leaf": settings["min_samples_leaf"],
        "path_alpha": path.ccp_alphas.tolist(),
        "path_impurity": path.impurities.tolist(),
        "alpha": alphas,
        "n_leaves": [int(p.get_n_leaves()) for p in pruned],
        "predict": [np.asarray(p.predict(x_new), float).tolist() for p in pruned],
    }


shapes = [
    {"max_depth": 1},
    {"max_depth": 3, "min_samples_leaf": 5},
    {"max_depth": 4, "min_samples_leaf": 8, "min_samples_split": 60},
]
deep = {"max_depth": 6, "min_samples_leaf": 12}
classifiers = [
    tree_case(DecisionTreeClassifier, classes, criterion=c, use_weights=w, **shape)
    for c in ("gini", "entropy")
    for w in (False, True)
    for shape in shapes + [deep] * w
]
regressors = [
    tree_case(DecisionTreeRegressor, numbers, use_weights=w, **shape)
    for w in (False, True)
    for shape in [*shapes, deep, {"min_samples_leaf": 9}]
]

boost = {"n_estimators": 60}
binary = (classes == 0).astype(int)


def boosted(kind, y, staged, **settings):
    models = [kind(random_state=s, **boost, **settings).fit(x, y) for s in range(20)]
    rounds = [1, 2, 10, 60]
    stages = np.array([list(staged(m)) for m in models])
    assert np.abs(stages - stages[0]).max() < 1e-9, "tied splits"
    m, stages = models[0], stages[0]
    return {
        "max_depth": settings.get("max_depth", 3),
        "learning_rate": settings.get("learning_rate", 0.1),
        "min_leaf": settings.get("min_samples_leaf", 1),
        "rounds": rounds,
        "predict": [stages[r - 1].tolist() for r in rounds],
        # Twice the loss: mean squared error, and the deviance.
        "train_score": m.train_score_.tolist(),
        "importance": m.feature_importances_.tolist(),
    }


number = lambda m: m.staged_predict(x_new)  # noqa: E731
chance = lambda m: (p[:, 1] for p in m.staged_predict_proba(x_new))  # noqa: E731
gbr = [
    boosted(GradientBoostingRegressor, numbers, number, min_samples_leaf=10),
    boosted(GradientBoostingRegressor, numbers, number, max_depth=1, learning_rate=0.5),
]
gbc = [
    boosted(GradientBoostingClassifier, binary, chance, max_depth=2, min_samples_leaf=12),
    boosted(GradientBoostingClassifier, binary, chance, max_depth=1, learning_rate=0.3),
]

cancer = load_breast_cancer()
cx, cy = single(cancer.data), cancer.target
folds = [test.tolist() for _, test in StratifiedKFold(5).split(cx, cy)]


def cross_validated(make, x, y, folds):
    scores = []
    for test in folds:
        train = np.setdiff1d(np.arange(len(y)), test)
        scores.append(make().fit(x[train], y[train]).score(x[test], y[test]))
    return float(np.mean(scores))


states = range(10)
forest = [
    cross_validated(lambda: RandomForestClassifier(random_state=s, n_jobs=2), cx, cy, folds) for s in states
]
shallow = [cross_validated(lambda: DecisionTreeClassifier(max_depth=4, random_state=s), cx, cy, folds) for s in range(40)]
gbdt = [cross_validated(lambda: GradientBoostingClassifier(random_state=s), cx, cy, folds) for s in range(5)]
oob = [RandomForestClassifier(random_state=s, oob_score=True, n_jobs=2).fit(cx, cy).oob_score_ for s in states]
regression_folds = [test.tolist() for _, test in KFold(3).split(x)]
forest_regressor = [
    cross_validated(
        lambda: RandomForestRegressor(random_state=s, max_features=2, n_jobs=2), x, numbers, regression_folds
    )
    for s in states
]
out = {
    "package": "scikit-learn",
    "version": sklearn.__version__,
    "x": x.tolist(),
    "x_new": x_new.tolist(),
    "classes": classes.tolist(),
    "binary": binary.tolist(),
    "numbers": numbers.tolist(),
    "weights": weights.tolist(),
    "classifiers": classifiers,
    "regressors": regressors,
    "pruned_classifier": pruning(DecisionTreeClassifier, classes, min_samples_leaf=12),
    "pruned_regressor": pruning(DecisionTreeRegressor, numbers, min_samples_leaf=9),
    "boosted_regressors": gbr,
    "boosted_classifiers": gbc,
    "cancer": {
        "folds": folds,
        "forest": forest,
        "tree_depth_4": shallow,
        "boosting": gbdt,
        "oob": oob,
    },
    "regression": {"folds": regression_folds, "forest": forest_regressor},
}
for name in ("forest", "oob", "boosting"):
    print(name, np.mean(out["cancer"][name]), np.std(out["cancer"][name], ddof=1))
print("tree", min(shallow), np.mean(shallow), max(shallow))
print("forest regressor", np.mean(forest_regressor), np.std(forest_regressor, ddof=1))
text = json.dumps(out)
print(len(text))
fixture(__file__).write_text(text)
