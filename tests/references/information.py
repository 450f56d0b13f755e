"""Writes information.json: entropies, divergences, distances of words, and Gaussians fitted by KL.

Needs SciPy 1.17.1 and scikit-learn 1.9.1. Divergences of Gaussians come from quadrature, not from the
closed form; fitted Gaussians from quadrature inside a simplex search, without any derivative; the words
of the (7, 4) code from its parity-check matrix, whose column i is i in binary.
"""

import functools
import itertools
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import integrate, optimize, stats
from scipy.spatial import distance
from scipy.special import rel_entr
from sklearn.metrics import mutual_info_score

from place import fixture

assert scipy.__version__ == "1.17.1"
assert sklearn.__version__ == "1.9.1"
rng = np.random.default_rng(5)
cases = []
for n in (2, 3, 10, 100):
    p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(0.5 * np.ones(n))
    cases.append(
        {
            "p": p.tolist(),
            "q": q.tolist(),
            "entropy_bits": float(stats.entropy(p, base=2)),
            "kl": float(rel_entr(p, q).sum()),
            # SciPy's is the square root.
            "js": float(distance.jensenshannon(p, q) ** 2),
        }
    )
joint = rng.dirichlet(np.ones(12)).reshape(3, 4)
independent = np.outer(joint.sum(1), joint.sum(0))
gaussians = []
for m0, s0, m1, s1 in [(0.0, 1.0, 1.0, 2.0), (-3.0, 0.2, 0.5, 1.5), (2.0, 3.0, 2.0, 0.7)]:
    f, g = stats.norm(m0, s0), stats.norm(m1, s1)
    integrand = lambda x: f.pdf(x) * (f.logpdf(x) - g.logpdf(x))
    value, _ = integrate.quad(integrand, m0 - 12 * s0, m0 + 12 * s0, epsabs=1e-12, limit=500)
    gaussians.append({"m0": m0, "s0": s0, "m1": m1, "s1": s1, "kl": value})
mean = [np.array([0.5, -1.0]), np.array([0.0, 0.3])]
cov = [np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[2.0, -0.4], [-0.4, 1.0]])]
f, g = (stats.multivariate_normal(m, c) for m, c in zip(mean, cov))
integrand = lambda y, x: f.pdf([x, y]) * (f.logpdf([x, y]) - g.logpdf([x, y]))
plane, _ = integrate.dblquad(integrand, -8, 9, -8, 6, epsabs=1e-10)
words = ["".join(rng.choice(list("abcd"), 30)) for _ in range(6)]
share = lambda a, b: distance.hamming(list(a), list(b))

# Levenshtein's distance, straight from its recursive definition.
def levenshtein(a, b):
    @functools.cache
    def d(i, j):
        if min(i, j) == 0:
            return max(i, j)
        return min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return d(len(a), len(b))


pairs = [("intention", "execution"), ("", "abc"), ("flaw", "lawn"), ("汉明距离", "编辑距离"), ("naïve", "native")]
pairs += [("".join(rng.choice(list("abé"), n)), "".join(rng.choice(list("abé"), m))) for n, m in [(9, 12), (20, 15)]]

# The code words are all solutions of H c = 0; positions 3, 5, 6, 7 (from 1) hold the data.
check = np.array([[i >> bit & 1 for i in range(1, 8)] for bit in range(3)])
code = [c for c in itertools.product([0, 1], repeat=7) if not (check @ np.array(c) % 2).any()]
code = sorted(code, key=lambda c: (c[2], c[4], c[5], c[6]))
assert len(code) == 16

# Species and bill length of the penguins, in bins of 2 mm.
penguins = np.loadtxt(
    Path(__file__).parents[2] / "src/data/sets/penguins/data.csv", delimiter=",", skiprows=2
)
bins, species = np.floor(penguins[:, 0] / 2).astype(int), penguins[:, -1].astype(int)


# Gaussians fitted to densities, both ways. `log_density` need not be normalised.
def mixture(parts):
    terms = lambda x: [np.log(w) + stats.norm.logpdf(x, m, s) for w, m, s in parts]
    return lambda x: np.logaddexp.reduce(terms(x))


targets = {
    "two equal peaks": (mixture([(0.5, -2.0, 0.6), (0.5, 2.0, 0.6)]), (-12.0, 12.0)),
    "two unequal peaks": (mixture([(0.7, -1.5, 0.5), (0.3, 2.5, 1.0)]), (-12.0, 14.0)),
    "far peaks, seven times": (
        lambda x: np.log(7.0) + mixture([(0.25, -40.0, 2.0), (0.75, 30.0, 0.5)])(x),
        (-80.0, 60.0),
    ),
    "gumbel": (lambda x: -x - np.exp(-x), (-8.0, 50.0)),
    "logistic": (lambda x: -x - 2.0 * np.log1p(np.exp(-x)), (-60.0, 60.0)),
}
quad = lambda f, low, high, points=None: integrate.quad(
    f, low, high, epsabs=1e-13, epsrel=1e-13, limit=2000, points=points
)[0]


def fits(log_density, interval, starts):
    low, high = interval
    grid = np.linspace(low, high, 29)[1:-1]
    mass = quad(lambda x: np.exp(log_density(x)), low, high, grid)
    mean = quad(lambda x: x * np.exp(log_density(x)), low, high, grid) / mass
    var = quad(lambda x: (x - mean) ** 2 * np.exp(log_density(x)), low, high, grid) / mass
    sd = np.sqrt(var)
    p = lambda x: np.exp(log_density(x)) / mass
    gap = lambda x: p(x) * (log_density(x) - np.log(mass) - stats.norm.logpdf(x, mean, sd))
    forward = quad(gap, low, high, grid)

    def divergence(theta):
        m, s = theta[0], np.exp(theta[1])
        q = lambda u: stats.norm.pdf(u) * (
            stats.norm.logpdf(u) - theta[1] - log_density(m + s * u) + np.log(mass)
        )
        return quad(q, -9.0, 9.0, [-3.0, -1.0, 0.0, 1.0, 3.0])

    optima = []
    for start in starts:
        options = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000}
        found = optimize.minimize(divergence, start, method="Nelder-Mead", options=options)
        m, s = found.x[0], np.exp(found.x[1])
        if all(abs(m - o["mean"]) > 1e-3 * s for o in optima):
            optima.append({"mean": m, "sd": s, "divergence": found.fun})
    optima.sort(key=lambda o: o["divergence"])
    return {
        "mass": mass,
        "forward": {"mean": mean, "sd": sd, "divergence": forward},
        "reverse": optima,
    }


starts = {
    "two equal peaks": [(-2.1, -0.4), (2.1, -0.4)],
    "two unequal peaks": [(-1.4, -0.6), (2.4, 0.1)],
    "far peaks, seven times": [(-39.0, 0.6), (29.8, -0.6)],
    "gumbel": [(0.5, 0.2)],
    "logistic": [(0.1, 0.4)],
}
gaussian_fits = [
    {"name": name, "interval": interval} | fits(log_density, interval, starts[name])
    for name, (log_density, interval) in targets.items()
]
out = {
    "package": "scipy",
    "version": scipy.__version__,
    "cases": cases,
    "joint": joint.tolist(),
    "mutual_information": float(rel_entr(joint, independent).sum()),
    "gaussians": gaussians,
    "plane": {"means": [m.tolist() for m in mean], "covs": [c.tolist() for c in cov], "kl": plane},
    "words": words,
    "hamming": [[round(30 * share(a, b)) for b in words] for a in words],
    "levenshtein": [[a, b, levenshtein(a, b)] for a, b in pairs],
    "code": code,
    "penguins": {"bins": bins.tolist(), "information": float(mutual_info_score(species, bins))},
    "gaussian_fits": gaussian_fits,
}
fixture(__file__).write_text(json.dumps(out))
