"""Writes classification_metrics.json: scikit-learn's metrics on tied and untied scores.

Needs scikit-learn 1.9.1. Scores are rounded to one or two digits, so that ties are many.
"""

import json

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.isotonic import IsotonicRegression

from place import fixture

assert sklearn.__version__ == "1.9.1"
rng = np.random.default_rng(25)


def binary(n, digits):
    y = rng.integers(0, 2, n)
    s = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 1.2 * y - 0.6))), digits)
    w = rng.uniform(0.1, 2.0, n)
    fpr, tpr, _ = metrics.roc_curve(y, s, drop_intermediate=False)
    precision, recall, thresholds = metrics.precision_recall_curve(y, s)
    rate, mean = calibration_curve(y, s, n_bins=7)
    iso = IsotonicRegression(out_of_bounds="clip").fit(s, y)
    grid = np.linspace(-0.1, 1.1, 25)
    platt = _SigmoidCalibration().fit(s, y)
    groups = rng.integers(0, n // 5, n)
    parts = [
        (metrics.roc_auc_score(y[groups == g], s[groups == g]), int((groups == g).sum()))
        for g in np.unique(groups)
        if len(np.unique(y[groups == g])) == 2
    ]
    return {
        "y": y.tolist(),
        "s": s.tolist(),
        "w": w.tolist(),
        "auc": float(metrics.roc_auc_score(y, s)),
        "auc_weighted": float(metrics.roc_auc_score(y, s, sample_weight=w)),
        "fpr": fpr.tolist(),
        "tpr": tpr.tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "thresholds": thresholds.tolist(),
        "average_precision": float(metrics.average_precision_score(y, s)),
        "brier": float(metrics.brier_score_loss(y, s)),
        "log_loss": float(metrics.log_loss(y, np.clip(s, 0.01, 0.99))),
        "calibration_rate": rate.tolist(),
        "calibration_mean": mean.tolist(),
        "grid": grid.tolist(),
        "isotonic": iso.predict(grid).tolist(),
        # scikit-learn's sigmoid is 1 / (1 + exp(a s + b)).
        "platt": [-float(platt.a_), -float(platt.b_)],
        "groups": groups.tolist(),
        "gauc": sum(a * n for a, n in parts) / sum(n for _, n in parts),
        "gauc_groups": len(parts),
    }


def several(n, c):
    y = rng.integers(0, c, n)
    logits = np.round(rng.normal(size=(n, c)) + 1.5 * np.eye(c)[y], 1)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said = p.argmax(1)
    averages = ["macro", "weighted", "micro"]
    auc = lambda how, average: float(metrics.roc_auc_score(y, p, multi_class=how, average=average))
    return {
        "y": y.tolist(),
        "p": p.tolist(),
        "said": said.tolist(),
        "matrix": metrics.confusion_matrix(y, said).tolist(),
        "precision": [float(metrics.precision_score(y, said, average=a)) for a in averages],
        "recall": [float(metrics.recall_score(y, said, average=a)) for a in averages],
        "f2": [float(metrics.fbeta_score(y, said, beta=2.0, average=a)) for a in averages],
        "precision_1": float(metrics.precision_score(y, said, average=None)[1]),
        "accuracy": float(metrics.accuracy_score(y, said)),
        "mcc": float(metrics.matthews_corrcoef(y, said)),
        "kappa": float(metrics.cohen_kappa_score(y, said)),
        "ovr": [auc("ovr", "macro"), auc("ovr", "weighted")],
        "ovo": [auc("ovo", "macro"), auc("ovo", "weighted")],
    }


def delong(n):
    """DeLong's covariance by its definition, pair by pair."""
    y = np.r_[np.ones(n, int), np.zeros(n + 7, int)]
    a = np.round(rng.normal(size=y.size) + 1.5 * y, 1)
    b = np.round(0.5 * a + rng.normal(size=y.size) + 0.5 * y, 1)
    psi = lambda s: (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    pa, pb = psi(a), psi(b)
    v10 = np.c_[pa.mean(1), pb.mean(1)]
    v01 = np.c_[pa.mean(0), pb.mean(0)]
    cov = np.cov(v10.T) / v10.shape[0] + np.cov(v01.T) / v01.shape[0]
    return {
        "y": y.tolist(),
        "a": a.tolist(),
        "b": b.tolist(),
        "auc": [float(pa.mean()), float(pb.mean())],
        "var_a": float(cov[0, 0]),
        "var_difference": float(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]),
    }


out = {
    "package": "scikit-learn",
    "version": sklearn.__version__,
    "binary": [binary(60, 1), binary(400, 2), binary(300, 6)],
    "several": [several(80, 3), several(300, 5)],
    "delong": [delong(15), delong(60)],
}
fixture(__file__).write_text(json.dumps(out))
