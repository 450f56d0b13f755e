"""Writes attribution.json: rate and mix in exact fractions, Shapley values over all orders, Adtributor.

Only the standard library: the formulas are written out here a second time, rate and mix and Shapley
in fractions, Adtributor from the paper's text (Bhagwan et al. 2014) with every element by hand.
"""

import itertools
import json
import math
import random
from fractions import Fraction

from place import fixture

random.seed(13)


def rate_mix(before, after):
    d0, d1 = sum(d for _, d in before), sum(d for _, d in after)
    total = Fraction(sum(n for n, _ in before), d0)
    parts = []
    for (n0, e0), (n1, e1) in zip(before, after):
        w0, w1 = Fraction(e0, d0), Fraction(e1, d1)
        r0, r1 = Fraction(n0, e0), Fraction(n1, e1)
        parts.append([w0 * (r1 - r0), (w1 - w0) * (r0 - total), (w1 - w0) * (r1 - r0)])
    change = Fraction(sum(n for n, _ in after), d1) - total
    assert sum(map(sum, parts)) == change
    return [[float(v) for v in part] for part in parts], float(change)


ratios = []
for size in (2, 3, 7):
    before, after = [
        [(random.randrange(1, d), d) for d in (random.randrange(5, 500) for _ in range(size))]
        for _ in range(2)
    ]
    parts, change = rate_mix(before, after)
    ratios.append({"before": before, "after": after, "parts": parts, "change": change})

games = []
for n in (1, 3, 5, 7):
    worth = [random.randrange(-40, 60) for _ in range(2**n)]
    sums = [0] * n
    for order in itertools.permutations(range(n)):
        coalition = 0
        for player in order:
            sums[player] += worth[coalition | 1 << player] - worth[coalition]
            coalition |= 1 << player
    values = [float(Fraction(s, math.factorial(n))) for s in sums]
    games.append({"n": n, "worth": worth, "values": values})


def term(p, q):
    """One element's term of the Jensen-Shannon divergence, natural logarithm."""
    half = lambda a: a * math.log(2 * a / (p + q)) if a > 0 else 0.0
    return 0.5 * (half(p) + half(q))


def search(elements, share, least):
    """Figure 2 of the paper for one dimension: elements are (name, power, surprise)."""
    chosen, power, surprise = [], 0.0, 0.0
    for name, ep, s in sorted(elements, key=lambda e: -e[2]):
        if ep > least:
            chosen.append([name, ep, s])
            power += ep
            surprise += s
            if power > share:
                return {"elements": chosen, "power": power, "surprise": surprise}
    return None


# A fall of revenue from 100 to 50 in three dimensions.
revenue = {
    "data_center": {"X": (94, 47), "Y": (6, 3)},
    "advertiser": {"A1": (50, 24), "A2": (20, 21), "A3": (20, 4), "A4": (10, 1)},
    "device": {"PC": (50, 49), "Mobile": (25, 1), "Tablet": (25, 0)},
}
additive = {}
for dimension, values in revenue.items():
    elements = [
        (name, (a - f) / (50 - 100), term(f / 100, a / 50)) for name, (f, a) in values.items()
    ]
    additive[dimension] = {
        "values": {name: list(pair) for name, pair in values.items()},
        "found": search(elements, 0.67, 0.1),
    }
# Cost per click: (revenue, clicks) before and after.
clicks = {
    "A": ((60.0, 120.0), (66.0, 60.0)),
    "B": ((30.0, 50.0), (31.0, 52.0)),
    "C": ((10.0, 30.0), (8.0, 31.0)),
}
f1, f2 = sum(b[0] for b, _ in clicks.values()), sum(b[1] for b, _ in clicks.values())
a1, a2 = sum(a[0] for _, a in clicks.values()), sum(a[1] for _, a in clicks.values())
raw = {
    # The ratio when only this element moves, less the ratio before.
    name: (f1 + a[0] - b[0]) / (f2 + a[1] - b[1]) - f1 / f2
    for name, (b, a) in clicks.items()
}
elements = [
    (name, raw[name] / sum(raw.values()), term(b[0] / f1, a[0] / a1) + term(b[1] / f2, a[1] / a2))
    for name, (b, a) in clicks.items()
]
ratio = {
    "values": {name: [list(b), list(a)] for name, (b, a) in clicks.items()},
    "found": search(elements, 0.67, 0.1),
}
out = {"ratios": ratios, "games": games, "additive": additive, "ratio": ratio}
fixture(__file__).write_text(json.dumps(out))
print(json.dumps(additive, indent=1)[:1500], ratio["found"])
