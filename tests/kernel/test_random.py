"""Sessions and edits at random, against what a fresh session would answer.

`MLNOTES_SESSIONS` and `MLNOTES_EDITS` say how many, `MLNOTES_SEED` which.
"""

import os
import random

import random_edits
from conftest import Front
from random_sessions import Plan, failure, together

SEED = int(os.environ.get("MLNOTES_SEED", "1"))
SESSIONS = int(os.environ.get("MLNOTES_SESSIONS", "40"))
EDITS = int(os.environ.get("MLNOTES_EDITS", "4"))
# A kernel's sessions pile up in its memory; a new one now and then is quicker.
SESSIONS_OF_A_KERNEL = 40
# So many at a time share their cells, each with names of its own.
AT_A_TIME = 8


class Kernels:
    """A kernel at a time, in a folder without a manifest."""

    def __init__(self, folder):
        self.folder, self.front, self.used = folder, None, 0

    def next(self, sessions=1):
        """A kernel for so many more sessions, the last of them with the number `used`."""
        if self.front is None or self.used % SESSIONS_OF_A_KERNEL == 0:
            self.close()
            self.front = Front(self.folder)
        self.used += sessions
        return self.front

    def close(self):
        if self.front:
            self.front.close()
        self.front = None


def shrunk(kernels, plan, words):
    """The simplest plan that fails, and how."""
    again = True
    while again:
        again = False
        for smaller in plan.smaller():
            found = failure(kernels.next(), smaller, kernels.used)
            if found:
                plan, words, again = smaller, found, True
                break
    return plan, words


def test_no_value_outlives_the_meaning_of_its_type(tmp_path):
    draw, kernels, found, alone = random.Random(SEED), Kernels(tmp_path), [], 0
    all_plans = [Plan.draw(draw) for _ in range(SESSIONS)]
    try:
        for first in range(0, SESSIONS, AT_A_TIME):
            plans = all_plans[first:first + AT_A_TIME]
            kernel = kernels.next(len(plans))
            numbers = range(kernels.used - len(plans) + 1, kernels.used + 1)
            shared = together(kernel, dict(zip(numbers, plans)))
            if shared is None:
                alone += len(plans)
            elif not shared:
                continue
            # One by one, in a kernel that has seen nothing of it.
            kernels.close()
            for at, (number, plan) in enumerate(zip(numbers, plans), start=first):
                words = failure(kernels.next(), plan, kernels.used)
                if words:
                    plan, words = shrunk(kernels, plan, words)
                elif shared and number in shared:
                    words = f"only beside {plans}: {shared[number]}"
                if words:
                    found.append(f"session {at} of seed {SEED}: {plan}: {words}")
                    kernels.close()
    finally:
        kernels.close()
    print(f"{SESSIONS} sessions of seed {SEED}, {alone} of them one by one")
    assert not found, "\n".join(found)


def test_all_cells_from_the_top_give_what_a_fresh_kernel_gives(tmp_path):
    found = []
    for seed in range(SEED, SEED + EDITS):
        start, edits = random_edits.draw(seed)
        words = compare(tmp_path, start, edits)
        if words:
            # The fewest edits that make a difference.
            for i in reversed(range(len(edits))):
                fewer = edits[:i] + edits[i + 1:]
                again = compare(tmp_path, start, fewer)
                if again:
                    edits, words = fewer, again
            found.append(f"seed {seed}, from {start} by {edits}: {words}")
    assert not found, "\n".join(found)


def compare(folder, start, edits):
    kernel, fresh = Front(folder), Front(folder)
    try:
        return random_edits.differences(kernel, fresh, start, edits)
    finally:
        kernel.close()
        fresh.close()
