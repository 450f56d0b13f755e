"""HMM and CRF: every path enumerated (NumPy), hmmlearn, python-crfsuite and sklearn-crfsuite.

    python tests/references/sequence.py
"""

import itertools
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pycrfsuite
import sklearn_crfsuite
from hmmlearn.hmm import CategoricalHMM, GaussianHMM

from place import fixture

assert version("hmmlearn") == "0.3.3"
assert version("python-crfsuite") == "0.9.12"
assert version("sklearn-crfsuite") == "0.5.0"
HERE = Path(__file__).resolve().parent


def dirichlet(rng, rows, columns):
    return rng.dirichlet(np.ones(columns), size=rows)


def enumerate_paths(start, trans, emit_logs):
    """Sums over all K^T paths: p(x), posteriors, the best path and its log-probability."""
    n, k = emit_logs.shape
    total, gamma, steps, best = 0.0, np.zeros((n, k)), np.zeros((k, k)), (-np.inf, None)
    for path in itertools.product(range(k), repeat=n):
        log_p = np.log(start[path[0]]) + sum(emit_logs[t, y] for t, y in enumerate(path))
        log_p += sum(np.log(trans[i, j]) for i, j in zip(path, path[1:]))
        p = np.exp(log_p)
        total += p
        for t, y in enumerate(path):
            gamma[t, y] += p
        for i, j in zip(path, path[1:]):
            steps[i, j] += p
        if log_p > best[0]:
            best = (log_p, path)
    return {
        "log_likelihood": float(np.log(total)),
        "posterior": (gamma / total).tolist(),
        "steps": (steps / total).tolist(),
        "path": list(best[1]),
        "path_log_p": float(best[0]),
    }


def enumerated(rng):
    cases = []
    for k, v, n in [(2, 3, 1), (2, 3, 6), (3, 4, 6), (4, 2, 5)]:
        start, trans, emit = dirichlet(rng, 1, k)[0], dirichlet(rng, k, k), dirichlet(rng, k, v)
        obs = rng.integers(v, size=n)
        case = enumerate_paths(start, trans, np.log(emit[:, obs].T))
        model = {"start": start, "trans": trans, "emit": emit, "obs": obs}
        cases.append({key: value.tolist() for key, value in model.items()} | case)
    return cases


def categorical(rng):
    k, v, lengths = 3, 5, [40, 1, 25, 60]
    start, trans, emit = dirichlet(rng, 1, k)[0], dirichlet(rng, k, k), dirichlet(rng, k, v)
    obs = [rng.integers(v, size=n) for n in lengths]
    x = np.concatenate(obs)[:, None]

    def model(n_iter):
        # Flat priors are the package's defaults here.
        hmm = CategoricalHMM(k, n_iter=n_iter, tol=-np.inf, init_params="", n_features=v)
        hmm.startprob_, hmm.transmat_, hmm.emissionprob_ = start, trans, emit
        return hmm

    hmm = model(0)
    decoded = [hmm.decode(o[:, None]) for o in obs]
    after = model(1).fit(x, lengths)
    return {
        "start": start.tolist(), "trans": trans.tolist(), "emit": emit.tolist(),
        "obs": [o.tolist() for o in obs],
        "score": [hmm.score(o[:, None]) for o in obs],
        "path": [p.tolist() for _, p in decoded],
        "path_log_p": [log_p for log_p, _ in decoded],
        "posterior": [hmm.predict_proba(o[:, None]).tolist() for o in obs],
        "em_start": after.startprob_.tolist(), "em_trans": after.transmat_.tolist(),
        "em_emit": after.emissionprob_.tolist(),
    }


def gaussian(rng, covariance_type):
    k, d, lengths = 3, 2, [50, 1, 30]
    start, trans = dirichlet(rng, 1, k)[0], dirichlet(rng, k, k)
    means = rng.normal(size=(k, d)) * 2
    factors = rng.normal(size=(k, d, d))
    full = factors @ factors.transpose(0, 2, 1) + 0.5 * np.eye(d)
    if covariance_type == "diag":
        full = np.array([np.diag(np.diag(c)) for c in full])
    obs = [means[rng.integers(k, size=n)] + rng.normal(size=(n, d)) for n in lengths]

    def model(n_iter):
        hmm = GaussianHMM(
            k, covariance_type, n_iter=n_iter, tol=-np.inf, init_params="",
            covars_prior=0.0, covars_weight=1.0, means_weight=0.0, min_covar=0.0,
        )
        hmm.startprob_, hmm.transmat_, hmm.means_ = start, trans, means
        hmm.covars_ = full if covariance_type == "full" else full[:, range(d), range(d)]
        return hmm

    hmm = model(0)
    hmm.n_features = d
    decoded = [hmm.decode(o) for o in obs]
    after = model(1).fit(np.concatenate(obs), lengths)
    return {
        "diagonal": covariance_type == "diag",
        "start": start.tolist(), "trans": trans.tolist(), "means": means.tolist(),
        "covariances": full.tolist(), "obs": [o.tolist() for o in obs],
        "score": [hmm.score(o) for o in obs],
        "path": [p.tolist() for _, p in decoded],
        "path_log_p": [log_p for log_p, _ in decoded],
        "posterior": [hmm.predict_proba(o).tolist() for o in obs],
        "em_start": after.startprob_.tolist(), "em_trans": after.transmat_.tolist(),
        "em_means": after.means_.tolist(), "em_covariances": after.covars_.tolist(),
    }


def read_addresses():
    lines = (HERE.parents[1] / "src/data/sets/addresses/data.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    return [row[0::2] for row in rows], [row[1::2] for row in rows]


def crf():
    """The first 60 addresses: word features, two weighted ones, c2 = 0.5, so l2 = 1."""
    words, tags = (part[:60] for part in read_addresses())
    kinds = sorted({t for y in tags for t in y}, key=int)
    ys = [[kinds.index(t) for t in y] for y in tags]
    xs = [
        [
            {f"word={w.lower()}": 1.0, "length": len(w) / 8} | ({"digit": 1.0} if w[0].isdigit() else {})
            for w in x
        ]
        for x in words
    ]
    model = sklearn_crfsuite.CRF(
        algorithm="lbfgs", c1=0.0, c2=0.5, max_iterations=5000, epsilon=1e-9, delta=1e-12,
        all_possible_transitions=True, all_possible_states=True,
    )
    model.fit(xs, [[str(y) for y in labels] for labels in ys])
    weight = max(abs(w) for w in model.state_features_.values())
    penalty = 0.5 * (
        sum(w * w for w in model.state_features_.values())
        + sum(w * w for w in model.transition_features_.values())
    )
    held, _ = (part[60:70] for part in read_addresses())
    tests = [
        [
            {f"word={w.lower()}": 1.0, "length": len(w) / 8} | ({"digit": 1.0} if w[0].isdigit() else {})
            for w in x
        ]
        for x in held
    ]
    tagger = pycrfsuite.Tagger()
    tagger.open(model.modelfile.name)
    marginals, paths, log_p, nll = [], [], [], penalty
    for x in tests:
        path = tagger.tag(x)
        paths.append([int(y) for y in path])
        log_p.append(float(np.log(tagger.probability(path))))
        marginals.append(
            [[tagger.marginal(str(y), t) for y in range(len(kinds))] for t in range(len(x))]
        )
    for x, y in zip(xs, ys):
        tagger.set(x)
        nll -= float(np.log(tagger.probability([str(v) for v in y])))
    state = [[name, int(label), w] for (name, label), w in sorted(model.state_features_.items())]
    trans = [[int(a), int(b), w] for (a, b), w in sorted(model.transition_features_.items())]
    order = lambda x: [sorted(p.items()) for p in x]  # noqa: E731
    print("crf:", len(state), "state weights, largest", weight, "objective", nll)
    return {
        "xs": [order(x) for x in xs], "ys": ys, "l2": 1.0, "objective": nll,
        "state_weights": state, "transition_weights": trans,
        "tests": [order(x) for x in tests], "paths": paths, "log_p": log_p, "marginals": marginals,
    }


rng = np.random.default_rng(14)
out = {
    "enumerated": enumerated(rng),
    "categorical": categorical(rng),
    "gaussian": [gaussian(rng, kind) for kind in ("full", "diag")],
    "crf": crf(),
}
fixture(__file__).write_text(json.dumps(out, separators=(",", ":")) + "\n")
