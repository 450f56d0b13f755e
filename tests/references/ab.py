"""Writes ab.json: statsmodels', SciPy's and xxhash's answers on fixed inputs, and exact sums.

Needs SciPy 1.17.1, statsmodels 0.15.0, xxhash 4.1.0. What has no package comes from another road: the
mixture likelihood ratio from quadrature, the error rate of repeated looks from the recursion of
Armitage, McPherson & Rowe (1969), the distance of binomial sums to the normal from their exact law.
"""

import json
import warnings

import numpy as np
import scipy
import statsmodels
import xxhash
from scipy import integrate, optimize, stats
from statsmodels.stats import power as smp
from statsmodels.stats import proportion as smprop
from statsmodels.stats.multitest import multipletests

from place import fixture

assert scipy.__version__ == "1.17.1" and statsmodels.__version__ == "0.15.0"
assert xxhash.VERSION == "4.1.0"
warnings.simplefilter("ignore", RuntimeWarning)
rng = np.random.default_rng(13)
SIDES = {"two-sided": "two-sided", "less": "smaller", "greater": "larger"}
finite = lambda ci: [None if np.isinf(v) else float(v) for v in ci]


def hashes():
    users = ["", "user-1", "user-42", "用户", "a" * 300]
    rows = []
    for user in users:
        for salt in ["", "checkout", "ranking/2"]:
            seed = xxhash.xxh3_64_intdigest(salt.encode())
            value = xxhash.xxh3_64_intdigest(user.encode(), seed=seed)
            rows.append({"user": user, "salt": salt, "buckets": [value % m for m in (1, 2, 100, 4294967295)]})
    return rows


def means():
    cases = []
    for na, nb, spread in [(5, 7, 1.0), (30, 12, 3.0), (200, 350, 0.5), (900, 700, 1.5)]:
        a, b = rng.normal(0.3, 1.0, na), rng.gamma(2.0, spread, nb)
        tests = []
        for side, word in SIDES.items():
            t = stats.ttest_ind(a, b, equal_var=False, alternative=side)
            ci = t.confidence_interval(0.9)
            # The z-test with separate variances: statsmodels' CompareMeans pools, so by hand from norm.
            se = np.sqrt(a.var(ddof=1) / na + b.var(ddof=1) / nb)
            z = (a.mean() - b.mean()) / se
            pz = {"two-sided": 2 * stats.norm.sf(abs(z)), "less": stats.norm.cdf(z), "greater": stats.norm.sf(z)}
            one = stats.ttest_1samp(a, 0.1, alternative=side)
            n = min(na, nb)
            pair = stats.ttest_rel(a[:n], b[:n], alternative=side)
            tests.append(
                {
                    "side": side,
                    "welch": [t.statistic, t.pvalue, t.df],
                    "welch_ci": finite([ci.low, ci.high]),
                    "z": [z, pz[side]],
                    "one": [one.statistic, one.pvalue],
                    "one_ci": finite([*one.confidence_interval(0.9)]),
                    "paired": [pair.statistic, pair.pvalue],
                    "paired_ci": finite([*pair.confidence_interval(0.9)]),
                }
            )
        cases.append({"a": a.tolist(), "b": b.tolist(), "tests": tests})
    return cases


def cuped():
    """CUPED by least squares: the slope on arm dummies and the covariate is the pooled within-arm slope."""
    import statsmodels.api as sm

    cases = []
    for n in (20, 300):
        pre = rng.gamma(2.0, 2.0, n)
        arm = np.arange(n) % 2
        y = 1.0 + 0.5 * arm + 0.8 * pre + rng.normal(size=n)
        ols = sm.OLS(y, np.column_stack([np.ones(n), arm, pre])).fit()
        adjusted = y - ols.params[2] * pre
        t = stats.ttest_ind(adjusted[arm == 1], adjusted[arm == 0], equal_var=False)
        simple = sm.OLS(y, sm.add_constant(pre)).fit()
        cases.append(
            {
                "y": y.tolist(),
                "pre": pre.tolist(),
                "arm": arm.tolist(),
                "theta": simple.params[1],
                "variance_ratio": 1 - simple.rsquared,
                "test": [t.statistic, t.pvalue, t.df],
            }
        )
    return cases


def proportions():
    cases = []
    for x1, n1, x2, n2 in [(1745, 2211, 211, 623), (157, 30000, 130, 30000), (9, 20, 3, 25), (1, 12, 0, 15)]:
        table = np.array([[x1, n1 - x1], [x2, n2 - x2]])
        tests = []
        for side, word in SIDES.items():
            z = smprop.proportions_ztest([x1, x2], [n1, n2], alternative=word)
            # `prop_var=False` pools; the unpooled test is the one with a value to compare to.
            w = smprop.test_proportions_2indep(
                x1, n1, x2, n2, method="wald", compare="diff", alternative=word, value=0.02
            )
            tests.append({"side": side, "pooled": list(z), "wald": [w.statistic, w.pvalue]})
        ci = lambda method: list(
            smprop.confint_proportions_2indep(x1, n1, x2, n2, method=method, compare="diff", alpha=0.1)
        )
        one = lambda method: list(smprop.proportion_confint(x1, n1, alpha=0.1, method=method))
        chi = {c: stats.chi2_contingency(table, correction=c) for c in (True, False)}
        cases.append(
            {
                "counts": [x1, n1, x2, n2],
                "tests": tests,
                "newcombe": ci("newcomb"),
                "wald": ci("wald"),
                "one": {
                    "wilson": one("wilson"),
                    "wald": one("normal"),
                    "agresti": one("agresti_coull"),
                    "clopper": one("beta"),
                },
                "chi2": [chi[False].statistic, chi[False].pvalue],
                "yates": [chi[True].statistic, chi[True].pvalue],
            }
        )
    return cases


def tables():
    cases = []
    for shape in [(2, 3), (4, 2), (5, 6)]:
        counts = rng.poisson(8.0, shape) + 1
        test = stats.chi2_contingency(counts, correction=True)
        v = stats.contingency.association(counts, method="cramer")
        cases.append(
            {"counts": counts.tolist(), "test": [test.statistic, test.pvalue, test.dof], "cramer": v}
        )
    return cases


def splits():
    cases = []
    for shares in ([0.5, 0.5], [0.9, 0.1], [0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.7]):
        n = 10_000
        observed = rng.multinomial(n, shares) + rng.integers(0, 120, len(shares))
        test = stats.chisquare(observed, observed.sum() * np.array(shares))
        cases.append(
            {"observed": observed.tolist(), "shares": shares, "test": [test.statistic, test.pvalue]}
        )
    return cases


def corrections():
    cases = []
    for m in (1, 5, 40):
        p = rng.uniform(size=m) ** 3
        p[: m // 3] = np.round(p[: m // 3], 2)
        adjusted = {
            name: multipletests(p, method=method)[1].tolist()
            for name, method in [
                ("bonferroni", "bonferroni"),
                ("holm", "holm"),
                ("bh", "fdr_bh"),
                ("by", "fdr_by"),
            ]
        }
        cases.append({"p": p.tolist(), **adjusted})
    return cases


def power_means():
    cases = []
    for side, word in SIDES.items():
        for alpha, power, ratio, d in [
            (0.05, 0.8, 1.0, 0.2), (0.01, 0.9, 3.0, 0.5), (0.1, 0.6, 0.5, 1.3), (0.001, 0.95, 1.0, 0.15)
        ]:
            d = -d if side == "less" else d
            row = {"side": side, "alpha": alpha, "power": power, "ratio": ratio, "effect": d}
            for name, kind in [("z", smp.NormalIndPower()), ("t", smp.TTestIndPower())]:
                solve = lambda n: kind.power(d, n, alpha, ratio=ratio, alternative=word) - power
                # statsmodels' own solver stops early; brentq on its power function does not.
                # Its noncentral t is NaN at some sizes above 20,000, hence the narrow bracket for it.
                bracket = (2.0, 1e7) if name == "z" else (max(2.2, row["z"]["n"] * 0.9), row["z"]["n"] * 1.1 + 9)
                size = optimize.brentq(solve, *bracket, xtol=1e-11, rtol=1e-14)
                row[name] = {
                    "n": size,
                    "solved": float(smp.zt_ind_solve_power(d, None, alpha, power, ratio, word) if name == "z"
                                    else kind.solve_power(d, None, alpha, power, ratio, word)),
                    "power_at_12": float(kind.power(d, 12, alpha, ratio=ratio, alternative=word)),
                }
            cases.append(row)
    return cases


def power_proportions():
    cases = []
    for side, word in SIDES.items():
        for alpha, power, ratio, base, change in [
            (0.05, 0.8, 1.0, 0.1, 0.01), (0.01, 0.9, 2.0, 0.3, 0.1), (0.05, 0.5, 0.25, 0.02, 0.015)
        ]:
            change = -change if side == "less" else change
            at = lambda n: float(
                smprop.power_proportions_2indep(
                    change, base, n, ratio=ratio, alpha=alpha, alternative=word, return_results=False
                )
            )
            size = optimize.brentq(lambda n: at(n) - power, 2, 1e8, xtol=1e-9, rtol=1e-14)
            cases.append(
                {
                    "side": side, "alpha": alpha, "power": power, "ratio": ratio, "base": base,
                    "change": change, "n": size, "power_at_500": at(500),
                }
            )
    # The textbook's formula for one tail, as statsmodels has it: 10 % to 11 %.
    textbook = smprop.samplesize_proportions_2indep_onetail(0.01, 0.1, 0.8, ratio=1, alpha=0.05)
    return {"cases": cases, "textbook": float(textbook)}


def ratios():
    """The delta method's standard error is the cluster-robust one of a regression through no slope."""
    import statsmodels.api as sm

    cases = []
    for n, scale in [(50, 3.0), (800, 10.0)]:
        den = rng.poisson(rng.gamma(1.0, scale, n)) + 1
        num = rng.binomial(den, rng.beta(1.0, 9.0, n))
        # One row per impression, clusters are users, no small-sample factor: divisor n, ours is n - 1.
        rows = np.repeat(np.arange(n), den)
        clicks = np.concatenate([np.r_[np.ones(x), np.zeros(d - x)] for x, d in zip(num, den)])
        fit = sm.OLS(clicks, np.ones(len(clicks))).fit(
            cov_type="cluster", cov_kwds={"groups": rows, "use_correction": False}
        )
        boot = stats.bootstrap(
            (num, den), lambda x, y, axis=-1: x.sum(axis) / y.sum(axis), paired=True, vectorized=True,
            n_resamples=40_000, confidence_level=0.95, method="percentile",
            rng=np.random.default_rng(1), batch=500,
        )
        cases.append(
            {
                "num": num.tolist(),
                "den": den.tolist(),
                "ratio": float(fit.params[0]),
                "std_error": float(fit.bse[0] * np.sqrt(n / (n - 1))),
                "bootstrap": [boot.confidence_interval.low, boot.confidence_interval.high],
                "bootstrap_se": float(boot.standard_error),
            }
        )
    return cases


def looks():
    """P(|S_k| > c sqrt(k) for some k <= K): the density of S_k among those not yet stopped, on a grid."""
    def rate(K, alpha):
        c = stats.norm.isf(alpha / 2)
        x, w = np.polynomial.legendre.leggauss(400)
        grid = x * c
        weights = w * c
        density = stats.norm.pdf(grid)
        for k in range(2, K + 1):
            bound = c * np.sqrt(k)
            new, new_w = x * bound, w * bound
            density = stats.norm.pdf(new[:, None] - grid[None, :]) @ (weights * density)
            grid, weights = new, new_w
        return 1 - float(weights @ density)

    published = {"1": 0.05, "2": 0.083, "3": 0.107, "4": 0.126, "5": 0.142, "10": 0.193, "20": 0.248, "50": 0.320}
    out = [{"looks": k, "alpha": 0.05, "rate": rate(k, 0.05)} for k in (1, 2, 3, 4, 5, 10, 20, 50)]
    for row in out:
        # Armitage, McPherson & Rowe (1969), table 2, column 5 %.
        assert abs(row["rate"] - published[str(row["looks"])]) < 6e-4, row
    # Pocock (1977), table 1: nominal levels that keep 5 % overall.
    out += [{"looks": k, "alpha": a, "rate": rate(k, a)} for k, a in [(5, 0.0158), (10, 0.0106)]]
    assert all(abs(row["rate"] - 0.05) < 5e-4 for row in out[-2:])
    return out


def mixture():
    cases = []
    for variance, tau2, n, mean in [(1.0, 0.04, 60, 0.4), (4.0, 1.0, 25, 0.0), (0.5, 0.01, 80, 0.3)]:
        diffs = rng.normal(mean, np.sqrt(variance), n)
        p, smallest = [], 1.0
        for k in range(1, n + 1):
            s = diffs[:k].sum()
            f = lambda th: np.exp((th * s - k * th**2 / 2) / variance) * stats.norm.pdf(th, 0, np.sqrt(tau2))
            centre = tau2 * s / (variance + k * tau2)
            width = np.sqrt(variance * tau2 / (variance + k * tau2))
            value, _ = integrate.quad(f, centre - 14 * width, centre + 14 * width, epsrel=1e-12, epsabs=0)
            smallest = min(smallest, 1 / value)
            p.append(smallest)
        cases.append({"variance": variance, "tau2": tau2, "diffs": diffs.tolist(), "p": p})
    return cases


def populations():
    def third(dist):
        mu = dist.mean()
        f = lambda x: abs(x - mu) ** 3 * dist.pdf(x)
        low, high = dist.support()
        return sum(
            integrate.quad(f, a, b, epsrel=1e-13, epsabs=0, limit=400)[0] for a, b in [(low, mu), (mu, high)]
        )

    rows = []
    for name, parameter, dist in [
        ("uniform", 0.0, stats.uniform()),
        ("exponential", 0.0, stats.expon()),
        ("lognormal", 0.5, stats.lognorm(0.5)),
        ("lognormal", 1.0, stats.lognorm(1.0)),
    ]:
        rows.append({"name": name, "parameter": parameter, "mean": dist.mean(), "sd": dist.std(), "rho": third(dist)})
    for p in (0.1, 0.5):
        d = stats.bernoulli(p)
        rho = float(d.expect(lambda x: abs(x - p) ** 3))
        rows.append({"name": "bernoulli", "parameter": p, "mean": d.mean(), "sd": d.std(), "rho": rho})
    return rows


def binomial_distance():
    rows = []
    for p in (0.1, 0.5):
        for n in (10, 40, 160, 640, 2560):
            k = np.arange(n + 1)
            phi = stats.norm.cdf((k - n * p) / np.sqrt(n * p * (1 - p)))
            cdf = stats.binom.cdf(k, n, p)
            before = np.r_[0.0, cdf[:-1]]
            rows.append({"p": p, "n": n, "ks": float(np.maximum(abs(cdf - phi), abs(before - phi)).max())})
    return rows


def t_distribution():
    rows = []
    for df in (1.0, 1.5, 2.0, 3.7, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5, 1e6):
        for p in (0.6, 0.9, 0.975, 0.9995):
            t = stats.t.ppf(p, df)
            rows.append({"df": df, "p": p, "quantile": t})
    return rows


out = {
    "scipy": scipy.__version__,
    "statsmodels": statsmodels.__version__,
    "xxhash": xxhash.VERSION,
    "hashes": hashes(),
    "means": means(),
    "cuped": cuped(),
    "proportions": proportions(),
    "tables": tables(),
    "splits": splits(),
    "corrections": corrections(),
    "power_means": power_means(),
    "power_proportions": power_proportions(),
    "ratios": ratios(),
    "looks": looks(),
    "mixture": mixture(),
    "populations": populations(),
    "binomial_distance": binomial_distance(),
    "t_quantiles": t_distribution(),
}
fixture(__file__).write_text(json.dumps(out, default=float))
