"""What each contender of a race computes with: its BLAS kernel and its threads, the same number for all.

Import it before NumPy. A variable that pins an older BLAS kernel or another number of threads handicaps a peer, and
a library reads it when it is loaded; so they are taken away here, for this process and for all that it starts.
"""

import os
import platform
import sys

# Kernel, block sizes or threads by hand; `OPENBLAS_L2_SIZE` goes with the kernel that it was measured for.
PINS = (
    "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "NVPL_", "ATLAS_", "OMP_", "GOMP_", "KMP_", "NPY_", "RAYON_", "NUMEXPR_",
)  # fmt: skip
if any(name in sys.modules for name in ("numpy", "scipy", "sklearn", "xgboost", "lightgbm")):
    raise ImportError("import `machine` before NumPy and the peers: they have read their variables by now")
removed = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(PINS)}
threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[_name] = str(threads)


def processor():
    """The processor's name, and how busy the machine is besides."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"{name}, {os.cpu_count()} cores of which {threads} may be used, load {load}"


def variables():
    """The variables that were set from outside and are not any more."""
    told = ", ".join(f"{name}={value}" for name, value in sorted(removed.items()))
    return f"variables taken away from all contenders: {told or 'none were set'}"


def pools():
    """A line for each thread pool that is loaded: which library, which kernel, how many threads."""
    from threadpoolctl import threadpool_info

    lines = []
    for pool in sorted(threadpool_info(), key=lambda pool: pool["filepath"]):
        folder = os.path.basename(os.path.dirname(pool["filepath"]))
        owner = folder.removesuffix(".libs") if folder.endswith(".libs") else f"{pool['prefix']} of the system"
        kernel = f", kernel {pool['architecture']}" if "architecture" in pool else ""
        version = f" {pool['version']}" if pool["version"] else ""
        lines.append(f"{owner}: {pool['internal_api']}{version}{kernel}, {pool['num_threads']} threads")
    return lines
