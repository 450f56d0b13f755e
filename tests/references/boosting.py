"""Writes boosting.json: boosted trees of XGBoost and LightGBM on fixed data.

Needs xgboost-cpu 3.2.0 and lightgbm 4.7.0. Both work in single precision, so the data are single-precision
numbers; margins agree to 1e-5 and better. XGBoost's gains and its gamma leave out the 1/2 of the
derivation; LightGBM's gains too.
"""

import json

import lightgbm as lgb
import numpy as np
import xgboost as xgb

from place import fixture

assert xgb.__version__ == "3.2.0"
assert lgb.__version__ == "4.7.0"
rng = np.random.default_rng(21)
single = lambda a: a.astype(np.float32).astype(float)  # noqa: E731

n, d = 180, 4
x, x_new = single(rng.normal(size=(n, d))), single(rng.normal(size=(60, d)))
f = x[:, 0] ** 2 + np.sin(2 * x[:, 1]) + x[:, 2] * x[:, 3]
gaps = rng.random(x.shape) < [0.25, 0.15, 0.0, 0.1]
x_gaps = np.where(gaps, np.nan, x)
x_new_gaps = np.where(rng.random(x_new.shape) < 0.2, np.nan, x_new)
# A missing value means something: its rows lie higher.
numbers = single(f + 0.8 * gaps[:, 0] - 1.2 * gaps[:, 3] + 0.3 * rng.normal(size=n))
binary = (numbers + rng.logistic(size=n) > 1).astype(int)
classes = np.digitize(numbers + rng.normal(size=n), [0.3, 1.8])
# Few values, so that each has a bin.
x_coarse = np.round(x_gaps, 1)
targets = {"squares": numbers, "logistic": binary, "softmax": classes}
objectives = {
    "squares": {"objective": "reg:squarederror"},
    "logistic": {"objective": "binary:logistic"},
    "softmax": {"objective": "multi:softprob", "num_class": 3},
}
inputs = {"whole": (x, x_new), "gaps": (x_gaps, x_new_gaps), "coarse": (x_coarse, x_coarse)}


def nodes(tree, data, rows, test, test_rows, undecided, out):
    """Depth first, the left child first. `gap`: do rows of the node miss the value asked for?

    Where none does, nothing is learned about a missing value: new rows that miss it are `undecided`.
    """
    if "leaf" in tree:
        out.append({"leaf": tree["leaf"], "cover": tree["cover"]})
        return out
    left, right = (
        next(c for c in tree["children"] if c["nodeid"] == tree[k]) for k in ("yes", "no")
    )
    feature, at = int(tree["split"][1:]), np.float32(tree["split_condition"])
    missing_left = tree["missing"] == tree["yes"]
    value, new = data[rows, feature].astype(np.float32), test[test_rows, feature].astype(np.float32)
    goes = lambda v: np.where(np.isnan(v), missing_left, v < at)  # noqa: E731
    goes_left, new_left = goes(value), goes(new)
    gap = bool(np.isnan(value).any())
    if not gap:
        undecided.update(test_rows[np.isnan(new)].tolist())
    out.append(
        {
            "feature": feature,
            "threshold": tree["split_condition"],
            "missing_left": missing_left,
            "gap": gap,
            "gain": tree["gain"],
            "cover": tree["cover"],
            "n_samples": len(rows),
        }
    )
    nodes(left, data, rows[goes_left], test, test_rows[new_left], undecided, out)
    return nodes(right, data, rows[~goes_left], test, test_rows[~new_left], undecided, out)


def xgboost_case(name, data, rounds, base_score, method="exact", **settings):
    train, test = inputs[data]
    params = objectives[name] | {
        "tree_method": method,
        "base_score": base_score,
        "nthread": 1,
        **settings,
    }
    model = xgb.train(params, xgb.DMatrix(train, label=targets[name]), rounds)
    dump = [json.loads(t) for t in model.get_dump(with_stats=True, dump_format="json")]
    margin = lambda a: model.predict(xgb.DMatrix(a), output_margin=True)  # noqa: E731
    # XGBoost takes the largest of equally good thresholds; data are such that there is only one.
    mirrored = xgb.train(params, xgb.DMatrix(-train, label=targets[name]), rounds)
    margins = mirrored.predict(xgb.DMatrix(-train), output_margin=True)
    assert np.abs(margins - margin(train)).max() < 1e-5, "tied splits"
    undecided = set()
    trees = [nodes(t, train, np.arange(n), test, np.arange(len(test)), undecided, []) for t in dump]
    decided = [i for i in range(len(test)) if i not in undecided]
    return {
        "objective": name,
        "data": data,
        "method": method,
        "rounds": rounds,
        "base_score": base_score,
        "eta": settings.get("eta", 0.3),
        "max_depth": settings.get("max_depth", 6),
        "max_leaves": settings.get("max_leaves"),
        "lambda": settings.get("lambda", 1.0),
        "gamma": settings.get("gamma", 0.0),
        "min_child_weight": settings.get("min_child_weight", 1.0),
        "trees": trees if method == "exact" else [],
        "n_leaves": [sum("leaf" in node for node in t) for t in trees],
        "train_margin": margin(train).reshape(n, -1).astype(float).tolist(),
        "decided": decided,
        "test_margin": margin(test[decided]).reshape(len(decided), -1).astype(float).tolist(),
        "total_gain": [model.get_score(importance_type="total_gain").get(f"f{j}", 0.0) for j in range(d)],
    }


xgboost = [
    xgboost_case("squares", "whole", 12, 0.5, max_depth=3),
    xgboost_case("squares", "gaps", 8, 0.5, max_depth=4, gamma=3.0, min_child_weight=4.0, **{"lambda": 0.5}),
    xgboost_case("squares", "gaps", 8, 1.0, max_depth=5, eta=0.5, **{"lambda": 0.0}),
    xgboost_case("logistic", "whole", 10, 0.3, max_depth=4, min_child_weight=0.8),
    xgboost_case("logistic", "gaps", 10, 0.5, max_depth=3, gamma=0.5, **{"lambda": 2.0}),
    xgboost_case("softmax", "gaps", 6, 0.5, max_depth=3, min_child_weight=2.0),
    xgboost_case("squares", "coarse", 10, 0.5, method="hist", max_depth=4),
    xgboost_case("logistic", "coarse", 10, 0.5, method="hist", max_depth=4, min_child_weight=1.5),
    xgboost_case(
        "squares", "coarse", 10, 0.5, method="hist", max_depth=0, max_leaves=7, grow_policy="lossguide"
    ),
]


def leaf_wise(node, out):
    """Splits in the order in which they were made, and leaves by number."""
    if "split_index" in node:
        keys = ("split_feature", "split_gain", "internal_count")
        out["splits"][node["split_index"]] = {k: node[k] for k in keys}
        leaf_wise(node["left_child"], out)
        leaf_wise(node["right_child"], out)
    else:
        out["leaves"].append([node["leaf_value"], node["leaf_count"]])
    return out


def lightgbm_case(name, data, rounds, **settings):
    train = inputs[data][0]
    params = {
        "objective": {"squares": "regression", "logistic": "binary"}[name],
        "boost_from_average": False,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "learning_rate": 0.3,
        "verbose": -1,
        "num_threads": 1,
        **settings,
    }
    model = lgb.train(params, lgb.Dataset(train, label=targets[name], params=params), rounds)
    trees = [
        leaf_wise(t["tree_structure"], {"splits": [None] * (t["num_leaves"] - 1), "leaves": []})
        for t in model.dump_model()["tree_info"]
    ]
    return {
        "objective": name,
        "data": data,
        "rounds": rounds,
        "num_leaves": settings["num_leaves"],
        "lambda": settings.get("lambda_l2", 0.0),
        "min_child_weight": settings["min_sum_hessian_in_leaf"],
        "trees": trees,
        "train_margin": model.predict(train, raw_score=True).tolist(),
    }


lightgbm = [
    lightgbm_case("squares", "whole", 8, num_leaves=8, min_sum_hessian_in_leaf=3.0, lambda_l2=1.0),
    lightgbm_case("squares", "gaps", 8, num_leaves=6, min_sum_hessian_in_leaf=2.0, lambda_l2=0.5),
    lightgbm_case("logistic", "gaps", 8, num_leaves=7, min_sum_hessian_in_leaf=0.7, lambda_l2=1.0),
]


def category_case(l2, seed):
    """One split of nine categories, by LightGBM without its smoothing."""
    rng = np.random.default_rng(seed)
    # Uneven: the order by G is not the order by G/H.
    code = rng.choice(9, size=400, p=np.arange(1, 10) / 45)
    effect = rng.normal(size=9)
    y = single(effect[code] + 0.5 * rng.normal(size=400))
    params = {
        "objective": "regression",
        "boost_from_average": False,
        "num_leaves": 2,
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "min_data_per_group": 1,
        "min_sum_hessian_in_leaf": 1e-3,
        "max_cat_to_onehot": 1,
        "max_cat_threshold": 64,
        "cat_smooth": 0.0,
        "cat_l2": 0.0,
        "lambda_l2": l2,
        "learning_rate": 1.0,
        "verbose": -1,
        "num_threads": 1,
    }
    data = lgb.Dataset(code.reshape(-1, 1).astype(float), label=y, categorical_feature=[0], params=params)
    root = lgb.train(params, data, 1).dump_model()["tree_info"][0]["tree_structure"]
    return {
        "lambda": l2,
        # Squared error from 0: g = -y, h = 1.
        "stats": [[float(-y[code == c].sum()), int((code == c).sum())] for c in range(9)],
        "left": sorted(int(c) for c in root["threshold"].split("||")),
        "gain": root["split_gain"],
    }


out = {
    "inputs": {k: [np.where(np.isnan(a), None, a).tolist() for a in v] for k, v in inputs.items()},
    "targets": {k: v.tolist() for k, v in targets.items()},
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "categories": [category_case(l2, seed) for l2, seed in ((0.0, 1), (5.0, 2), (0.0, 3), (20.0, 4))],
}
path = fixture(__file__)
path.write_text(json.dumps(out) + "\n")
print(path, path.stat().st_size)
