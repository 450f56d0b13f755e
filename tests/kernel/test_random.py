"""Sessions and edits at random, against what a fresh session would answer.

`MLNOTES_SESSIONS` and `MLNOTES_EDITS` say how many, `MLNOTES_SEED` which.
"""

import os
import random

import random_edits
from conftest import Front
from random_sessions import Plan, failure

SEED = int(os.environ.get("MLNOTES_SEED", "1"))
SESSIONS = int(os.environ.get("MLNOTES_SESSIONS", "40"))
EDITS = int(os.environ.get("MLNOTES_EDITS", "4"))
# A kernel's sessions pile up in its memory; a new one now and then is quicker.
SESSIONS_OF_A_KERNEL = 40


class Kernels:
    """A kernel at a time, in a folder without a manifest."""

    def __init__(self, folder):
        self.folder, self.front, self.used = folder, None, 0

    def next(self):
        if self.front is None or self.used % SESSIONS_OF_A_KERNEL == 0:
            self.close()
            self.front = Front(self.folder)
        self.used += 1
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
    draw, kernels, found = random.Random(SEED), Kernels(tmp_path), []
    try:
        for i in range(SESSIONS):
            plan = Plan.draw(draw)
            words = failure(kernels.next(), plan, kernels.used)
            if words:
                plan, words = shrunk(kernels, plan, words)
                found.append(f"session {i} of seed {SEED}: {plan}: {words}")
                kernels.close()
    finally:
        kernels.close()
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
