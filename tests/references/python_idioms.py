"""Writes python_idioms.json: what CPython 3.11 does, for the models of `engineering`.

Caches: `functools.lru_cache` over 10 000 draws. Construction: classes whose methods write down that they
ran. Binding: random signatures and calls, by `inspect.signature(..).bind` and by a real call; where the two
disagree, the call is right. Copies: who is who among the objects of an original and its copy.
"""

import copy
import functools
import inspect
import json
import math
import pickle
import random
import re
import sys

from place import fixture

assert sys.version_info[:2] == (3, 11)
rng = random.Random(456)

# Keys of an uneven popularity, as requests have it.
keys = [min(int(rng.paretovariate(0.8)), 200) for _ in range(10_000)]
caches = []
for capacity in (1, 2, 3, 7, 8, 20, 64, 199, 200, 500, None):
    cached = functools.lru_cache(maxsize=capacity)(lambda key: -key)
    for key in keys:
        assert cached(key) == -key
    info = cached.cache_info()
    caches.append({"capacity": capacity, "hits": info.hits, "misses": info.misses, "len": info.currsize})


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@functools.lru_cache(maxsize=None)
def remembered(n):
    return n if n < 2 else remembered(n - 1) + remembered(n - 2)


calls = 0


def naive(n):
    global calls
    calls += 1
    return n if n < 2 else naive(n - 1) + naive(n - 2)


assert remembered(186) == fib(186)
info = remembered.cache_info()
naive(20)
fibonacci = {
    "values": [str(fib(n)) for n in range(187)],
    "hits": info.hits,
    "misses": info.misses,
    "naive_calls_20": calls,
}

# Construction. `C` and its subclass `D` write into `steps`.
steps = []


class Base:
    def __init__(self):
        steps.append("C.__init__")
        return self.behave()

    def behave(self):
        return None


def subclass_of(cls):
    class D(cls):
        def __init__(self):
            steps.append("D.__init__")
            return self.behave()

    return D


def make_class(new_returns, init="none"):
    class C(Base):
        def __new__(cls):
            steps.append("C.__new__")
            if new_returns == "subclass":
                return object.__new__(subclass_of(C))
            if new_returns == "shared":
                C.one = getattr(C, "one", None) or object.__new__(cls)
                return C.one
            if new_returns == "unrelated":
                return 7
            if new_returns == "nothing":
                return None
            if new_returns == "raises":
                raise ValueError
            return object.__new__(cls)

        def behave(self):
            if init == "raises":
                raise ValueError
            return 1 if init == "value" else None

    return C


def trace(action):
    steps.clear()
    try:
        outcome = type(action()).__name__
    except Exception as error:
        outcome = type(error).__name__
    return {"steps": list(steps), "outcome": outcome}


constructions = []
for name, new_returns, init, how in [
    ("a plain class", "instance", "none", "call"),
    ("an instance of a subclass", "subclass", "none", "call"),
    ("an unrelated object", "unrelated", "none", "call"),
    ("a forgotten return", "nothing", "none", "call"),
    ("a singleton, three times", "shared", "none", "thrice"),
    ("__init__ returns a value", "instance", "value", "call"),
    ("__new__ called directly", "instance", "none", "new"),
    ("copy.copy", "instance", "none", "copy"),
    ("unpickled", "instance", "none", "pickle"),
    ("__new__ raises", "raises", "none", "call"),
    ("__init__ raises", "instance", "raises", "call"),
    ("unrelated, and __init__ would raise", "unrelated", "raises", "call"),
    ("a subclass whose __init__ returns a value", "subclass", "value", "call"),
]:
    C = make_class(new_returns, init)
    if how in ("copy", "pickle"):
        C.__qualname__ = "C"
        globals()["C"] = C
        C.__module__ = "__main__"
        made = C()
    rebuilt = {
        "call": lambda: C(),
        "thrice": lambda: [C() for _ in range(3)][-1],
        "new": lambda: C.__new__(C),
        "copy": lambda: copy.copy(made),
        "pickle": lambda: pickle.loads(pickle.dumps(made)),
    }[how]
    case = {"name": name, "new_returns": new_returns, "init": init, "how": how}
    constructions.append(case | trace(rebuilt))


# Binding.
def random_signature():
    names = iter("abcdefg")
    parts, defaulted = [], False

    def plain(n):
        nonlocal defaulted
        for _ in range(n):
            defaulted = defaulted or rng.random() < 0.3
            parts.append(next(names) + (f"={rng.randrange(100, 200)}" if defaulted else ""))

    only = rng.choice([0, 0, 1, 2])
    plain(only)
    if only:
        parts.append("/")
    plain(rng.choice([0, 1, 2]))
    star, named = rng.random() < 0.4, rng.choice([0, 0, 1, 2])
    if star or named:
        parts.append("*args" if star else "*")
    for _ in range(named):
        parts.append(next(names) + rng.choice(["", "=7"]))
    if rng.random() < 0.4:
        parts.append("**kwargs")
    return ", ".join(parts)


def listed(arguments):
    out = []
    for name, value in arguments.items():
        if isinstance(value, tuple):
            out.append([name, {"Tuple": list(value)}])
        elif isinstance(value, dict):
            out.append([name, {"Dict": [list(item) for item in value.items()]}])
        else:
            out.append([name, {"One": value}])
    return out


bindings, disagreements = [], 0
signatures = [
    "",
    "a, b=2, /, c=3, *args, d, e=5, **kwargs",
    "a, /, **kwargs",
    "a=1, /, **kwargs",
    "*args, **kwargs",
    "a, *, b",
]
signatures += [random_signature() for _ in range(120)]
for text in signatures:
    scope = {}
    exec(f"def f({text}): return locals()", scope)
    f = scope["f"]
    signature = inspect.signature(f)
    for _ in range(12):
        args = [rng.randrange(10) for _ in range(rng.choice([0, 1, 1, 2, 3, 5]))]
        names = rng.sample("abcdefgz", rng.choice([0, 0, 1, 2, 3]))
        kwargs = {name: rng.randrange(10, 20) for name in names}
        case = {"signature": text, "args": args, "kwargs": list(kwargs.items())}
        try:
            seen = f(*args, **kwargs)
        except TypeError as error:
            seen, complaint = None, str(error)
        try:
            bound = signature.bind(*args, **kwargs)
            case["bound"] = listed(bound.arguments)
            bound.apply_defaults()
            case["seen"] = listed(bound.arguments)
            # The function's own variables stand in another order, with *args and **kwargs last.
            assert seen == dict(bound.arguments)
        except TypeError as error:
            if seen is None:
                case["error"] = str(error)
                # `bind` of 3.11 minds a positional-only name with a default even where **kwargs takes it;
                # the call takes it, and misses another argument.
                missing = re.search(r"missing \d+ required [a-z-]+ arguments?: ('\w+')", complaint)
                if "positional only" in str(error) and missing and missing[1] not in str(error):
                    disagreements += 1
                    case["error"] = f"missing a required argument: {missing[1]}"
            else:
                # A positional-only name with a default may also be a key of **kwargs; `bind` of 3.11
                # refuses it, the call does not.
                disagreements += 1
                assert "positional only" in str(error)
                order = [name for name in signature.parameters]
                case["seen"] = listed({name: seen[name] for name in order})
        bindings.append(case)
kinds = {case["error"].split("'")[0] for case in bindings if "error" in case}
assert disagreements > 0 and len(kinds) >= 5, (disagreements, kinds)


# Copies. A case is a list of objects: ["atom"], ["list", children] or ["tuple", children], and later
# additions to lists; the copied object is `root`.
def build(spec, additions):
    objects = []
    for kind, *children in spec:
        held = [objects[i] for i in children[0]] if children else []
        if kind == "atom":
            # Functions are shared by every copy.
            objects.append(lambda: None)
        else:
            objects.append(held if kind == "list" else tuple(held))
    for target, child in additions:
        objects[target].append(objects[child])
    return objects


def walk(root):
    seen, order, stack = set(), [], [root]
    while stack:
        x = stack.pop()
        if id(x) not in seen:
            seen.add(id(x))
            order.append(x)
            if isinstance(x, (list, tuple)):
                stack.extend(reversed(x))
    return order


def identity(a, b):
    return [[x is y for y in b] for x in a]


graphs = []


def add_graph(name, spec, additions, root):
    objects = build(spec, additions)
    case = {"name": name, "spec": [[kind, *(held or [[]])] for kind, *held in spec], "additions": additions, "root": root}
    for how in ("copy", "deepcopy"):
        made = getattr(copy, how)(objects[root])
        a, b = walk(objects[root]), walk(made)
        children = [[next(i for i, y in enumerate(b) if y is c) for c in x] if isinstance(x, (list, tuple)) else [] for x in b]
        case[how] = {"same": identity(a, b), "children": children}
    graphs.append(case)


# An empty tuple is one object in CPython, so tuples here hold something.
add_graph("nested list", [["atom"], ["list", [0]], ["list", [1, 0]]], [], 2)
add_graph("shared child", [["list", []], ["list", [0, 0]]], [], 1)
add_graph("list that holds itself", [["list", []]], [[0, 0]], 0)
add_graph("two lists in a circle", [["list", []], ["list", [0]]], [[0, 1]], 1)
add_graph("cycle and shared child", [["list", []], ["list", [0]], ["list", [0, 1]]], [[1, 2]], 2)
add_graph("tuple of atoms", [["atom"], ["tuple", [0]], ["list", [1, 1]]], [], 2)
add_graph("tuple of a list", [["list", []], ["tuple", [0]], ["list", [1, 1, 0]]], [], 2)
add_graph("cycle through a tuple", [["list", []], ["tuple", [0]]], [[0, 1]], 1)
for i in range(60):
    spec = []
    for j in range(rng.randrange(1, 9)):
        kind = rng.choice(["atom", "list", "list", "tuple"])
        children = [rng.randrange(j) for _ in range(rng.randrange(0 if kind == "list" else 1, 4))] if j else []
        if kind == "tuple" and not children:
            kind = "list"
        spec.append(["atom"] if kind == "atom" else [kind, children])
    lists = [j for j, node in enumerate(spec) if node[0] == "list"]
    additions = [[rng.choice(lists), rng.randrange(len(spec))] for _ in range(rng.randrange(4)) if lists]
    add_graph(f"random {i}", spec, additions, len(spec) - 1)

out = {
    "python": ".".join(map(str, sys.version_info[:3])),
    "keys": keys,
    "caches": caches,
    "fibonacci": fibonacci,
    "constructions": constructions,
    "switch_interval_ms": round(1000 * sys.getswitchinterval()),
    "bindings": bindings,
    "graphs": graphs,
}
assert math.isclose(sum(c["hits"] + c["misses"] for c in caches), 10_000 * len(caches))
fixture(__file__).write_text(json.dumps(out, separators=(",", ":")))
print(disagreements, kinds, [c["hits"] for c in caches], max(keys), len(set(keys)), calls)
for c in constructions:
    print(c)
