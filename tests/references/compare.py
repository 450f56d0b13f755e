"""Compares a product that was made anew with the one that is stored: fixtures by value, data by byte."""

import ast
import json
import math
import re
from itertools import zip_longest
from typing import NamedTuple

# Processors and their BLAS kernels differ in the last bits, and a fit carries them on.
LAST_BITS = 1e-9
STATED = re.compile(r"^Made anew to (\S+?)(?: or within (\S+?))?(?: in (\w+))?: \S", re.MULTILINE)


class Allowed(NamedTuple):
    """How far a float may be from the stored one: by a share of its size, or by so much."""

    relative: float = LAST_BITS
    absolute: float = 0.0


def tolerances(source):
    """What a script allows below each key, and under "" everywhere else, by lines of its docstring.

    They read `Made anew to 1e-6 or within 1e-20 in key: reason`; second number and key may be left out.
    """
    stated = STATED.finditer(ast.get_docstring(ast.parse(source)) or "")
    return {"": Allowed()} | {m[3] or "": Allowed(float(m[1]), float(m[2] or 0)) for m in stated}


def _scale(values):
    return max((abs(v) for v in values if isinstance(v, float) and math.isfinite(v)), default=0.0)


def differences(stored, made, stated, path="", scale=0.0, allowed=None):
    """Yields a line for every value of `made` that is not that of `stored`.

    Floats may differ by `absolute` of what is `stated` for them, and by the share `relative` of the larger of
    the two or, in a list, of the list's largest number, because a sum that cancels keeps the error of its
    terms. Everything else is exact, its type included.
    """
    allowed = allowed or stated[""]
    if type(stored) is not type(made):
        yield f"{path}: {stored!r:.80} is stored, {made!r:.80} was made"
    elif isinstance(stored, dict):
        for key in sorted(stored.keys() - made.keys()):
            yield f"{path}.{key}: stored, but no longer made"
        for key in sorted(made.keys() - stored.keys()):
            yield f"{path}.{key}: made, but not stored"
        for key in sorted(stored.keys() & made.keys()):
            below = stated.get(key, allowed)
            yield from differences(stored[key], made[key], stated, f"{path}.{key}", allowed=below)
    elif isinstance(stored, list):
        if len(stored) != len(made):
            yield f"{path}: {len(stored)} entries are stored, {len(made)} were made"
        scale = _scale(stored)
        for i, (a, b) in enumerate(zip(stored, made)):
            yield from differences(a, b, stated, f"{path}[{i}]", scale, allowed)
    elif isinstance(stored, float):
        same = stored == made or (math.isnan(stored) and math.isnan(made))
        near = max(allowed.absolute, allowed.relative * max(abs(stored), abs(made), scale))
        if not same and not abs(stored - made) <= near:
            yield f"{path}: {stored!r} is stored, {made!r} was made"
    elif stored != made:
        yield f"{path}: {stored!r:.80} is stored, {made!r:.80} was made"


def compare(stored, made, stated):
    """The differences of two files, as lines; JSON by value, anything else to the byte."""
    if stored.suffix == ".json":
        read = lambda path: json.loads(path.read_text(encoding="utf-8"))  # noqa: E731
        return list(differences(read(stored), read(made), stated))
    old, new = stored.read_bytes(), made.read_bytes()
    if old == new:
        return []
    rows = zip_longest(old.splitlines(True), new.splitlines(True))
    at, (a, b) = next((i, pair) for i, pair in enumerate(rows, 1) if pair[0] != pair[1])
    return [f"line {at}: {a!r:.80} is stored, {b!r:.80} was made"]
