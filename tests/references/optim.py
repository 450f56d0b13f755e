"""Writes optim.json: two hundred steps of each optimiser on three objectives.

Needs jax 0.10.2, optax 0.2.8. The updates are those of PyTorch's documentation (`torch.optim`, 2.x), written out
here with 50 digits of Python's decimal module. Where optax has the same conventions, it must agree before anything
is written: momentum and Nesterov, RMSProp with the epsilon outside of the root, AdaDelta, Adam, AdamW. Its Adagrad has the
epsilon under the root, its AMSGrad takes the maximum after the correction, its Nadam has no schedule of momentum:
those three stand on the long arithmetic alone.
"""

import json
from decimal import Decimal as D
from decimal import getcontext

import jax
import numpy as np
import optax

from place import fixture

assert jax.__version__ == "0.10.2"
assert optax.__version__ == "0.2.8"
jax.config.update("jax_enable_x64", True)
getcontext().prec = 50
STEPS = 200

noise = np.random.default_rng(27).normal(size=(STEPS, 2))


def quadratic(x, t):
    return [x[0], 10 * x[1]]


def rosenbrock(x, t):
    a, b = x
    return [-2 * (1 - a) - 40 * a * (b - a * a) / 10, 20 * (b - a * a) / 10]


def stream(x, t):
    # A slope that is mostly noise, as a mini-batch's is.
    draw = [type(x[0])(float(v)) for v in noise[t]]
    return [x[0] - draw[0], (x[1] + draw[1]) / 2]


OBJECTIVES = {"quadratic": quadratic, "rosenbrock": rosenbrock, "stream": stream}
START = [1.5, -0.7]


def d(**settings):
    return {name: D(repr(value)) if isinstance(value, float) else value for name, value in settings.items()}


def sgd(lr, momentum=D(0), nesterov=False, weight_decay=D(0)):
    v = [None, None]

    def step(i, t, theta, g):
        g += weight_decay * theta
        v[i] = g if v[i] is None else momentum * v[i] + g
        return theta - lr * (g + momentum * v[i] if nesterov else v[i])

    return step


def adagrad(lr, lr_decay=D(0), eps=D("1e-10"), weight_decay=D(0)):
    total = [D(0), D(0)]

    def step(i, t, theta, g):
        g += weight_decay * theta
        total[i] += g * g
        return theta - lr / (1 + (t - 1) * lr_decay) * g / (total[i].sqrt() + eps)

    return step


def rmsprop(lr, alpha=D("0.99"), eps=D("1e-8"), momentum=D(0), weight_decay=D(0)):
    v, b = [D(0), D(0)], [D(0), D(0)]

    def step(i, t, theta, g):
        g += weight_decay * theta
        v[i] = alpha * v[i] + (1 - alpha) * g * g
        b[i] = momentum * b[i] + g / (v[i].sqrt() + eps)
        return theta - lr * b[i]

    return step


def adadelta(lr, rho=D("0.9"), eps=D("1e-6"), weight_decay=D(0)):
    v, u = [D(0), D(0)], [D(0), D(0)]

    def step(i, t, theta, g):
        g += weight_decay * theta
        v[i] = rho * v[i] + (1 - rho) * g * g
        delta = (u[i] + eps).sqrt() / (v[i] + eps).sqrt() * g
        u[i] = rho * u[i] + (1 - rho) * delta * delta
        return theta - lr * delta

    return step


def adam(lr, b1=D("0.9"), b2=D("0.999"), eps=D("1e-8"), weight_decay=D(0), decoupled=False, amsgrad=False):
    m, v, top = [D(0), D(0)], [D(0), D(0)], [D(0), D(0)]

    def step(i, t, theta, g):
        if decoupled:
            theta -= lr * weight_decay * theta
        else:
            g += weight_decay * theta
        m[i] = b1 * m[i] + (1 - b1) * g
        v[i] = b2 * v[i] + (1 - b2) * g * g
        top[i] = max(top[i], v[i]) if amsgrad else v[i]
        return theta - lr * m[i] / (1 - b1**t) / ((top[i] / (1 - b2**t)).sqrt() + eps)

    return step


def nadam(lr, b1=D("0.9"), b2=D("0.999"), eps=D("1e-8"), momentum_decay=D("0.004"), weight_decay=D(0)):
    m, v, product = [D(0), D(0)], [D(0), D(0)], [D(1), D(1)]
    mu = lambda t: b1 * (1 - (D("0.96") ** (t * momentum_decay)) / 2)

    def step(i, t, theta, g):
        g += weight_decay * theta
        product[i] *= mu(t)
        m[i] = b1 * m[i] + (1 - b1) * g
        v[i] = b2 * v[i] + (1 - b2) * g * g
        mean = mu(t + 1) * m[i] / (1 - product[i] * mu(t + 1)) + (1 - mu(t)) * g / (1 - product[i])
        return theta - lr * mean / ((v[i] / (1 - b2**t)).sqrt() + eps)

    return step


decayed = lambda inner, decay: optax.chain(optax.add_decayed_weights(decay), inner)
RULES = {
    "sgd": (lambda: sgd(**d(lr=0.02)), optax.sgd(0.02)),
    "momentum": (
        lambda: sgd(**d(lr=0.01, momentum=0.9, weight_decay=0.05)),
        decayed(optax.sgd(0.01, momentum=0.9), 0.05),
    ),
    "nesterov": (
        lambda: sgd(**d(lr=0.01, momentum=0.8, nesterov=True)),
        optax.sgd(0.01, momentum=0.8, nesterov=True),
    ),
    "adagrad": (lambda: adagrad(**d(lr=0.1, lr_decay=0.01, weight_decay=0.05)), None),
    "adagrad_plain": (lambda: adagrad(**d(lr=0.1)), None),
    "rmsprop": (
        lambda: rmsprop(**d(lr=0.002, alpha=0.95)),
        optax.rmsprop(0.002, decay=0.95, eps=1e-8, eps_in_sqrt=False),
    ),
    "rmsprop_momentum": (lambda: rmsprop(**d(lr=0.005, momentum=0.9, weight_decay=0.05)), None),
    "adadelta": (lambda: adadelta(**d(lr=1.0)), optax.adadelta(1.0, rho=0.9, eps=1e-6)),
    "adam": (lambda: adam(**d(lr=0.05)), optax.adam(0.05)),
    "adam_l2": (
        lambda: adam(**d(lr=0.05, b1=0.8, b2=0.99, weight_decay=0.1)),
        decayed(optax.adam(0.05, b1=0.8, b2=0.99), 0.1),
    ),
    "adamw": (
        lambda: adam(**d(lr=0.05, weight_decay=0.1, decoupled=True)),
        optax.adamw(0.05, weight_decay=0.1),
    ),
    "amsgrad": (lambda: adam(**d(lr=0.05, b2=0.9, amsgrad=True)), None),
    "nadam": (lambda: nadam(**d(lr=0.05, weight_decay=0.05)), None),
}
KEPT = [1, 2, 3, 10, 50, 100, 200]

out = {"jax": jax.__version__, "optax": optax.__version__, "start": START, "kept": KEPT}
out["noise"] = noise.tolist()
out["cases"] = []
for rule, (make, peer) in RULES.items():
    for name, slope in OBJECTIVES.items():
        step, theta, path = make(), [D(repr(v)) for v in START], []
        for t in range(1, STEPS + 1):
            g = slope(theta, t - 1)
            theta = [step(i, t, theta[i], g[i]) for i in range(2)]
            path.append([float(v) for v in theta])
        if peer is not None:
            x = jax.numpy.array(START)
            state = peer.init(x)
            for t in range(STEPS):
                g = jax.numpy.array([float(v) for v in slope([float(v) for v in x], t)])
                update, state = peer.update(g, state, x)
                x = optax.apply_updates(x, update)
                assert np.allclose(x, path[t], rtol=1e-9, atol=1e-9), (rule, name, t, x, path[t])
        out["cases"].append({"rule": rule, "objective": name, "points": [path[t - 1] for t in KEPT]})
fixture(__file__).write_text(json.dumps(out))
