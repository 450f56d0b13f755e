"""Writes information.json: SciPy's entropies, divergences and Hamming distance on fixed inputs.

Needs SciPy 1.17.1. Gaussian divergences come from quadrature, not from the closed form.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import integrate, stats
from scipy.spatial import distance
from scipy.special import rel_entr

assert scipy.__version__ == "1.17.1"
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
}
(Path(__file__).parent / "information.json").write_text(json.dumps(out))
