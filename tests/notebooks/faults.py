"""The planted errors of `faults.toml`, read and checked."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FAULTS = Path(__file__).with_name("faults.toml")


@dataclass(frozen=True)
class Fault:
    """One error: `replacement` for `text` in `file`, which `chapter` must not survive."""

    chapter: str
    name: str
    file: str
    text: str
    replacement: str


def read(path: Path = FAULTS) -> list[Fault]:
    with path.open("rb") as file:
        return [Fault(**entry) for entry in tomllib.load(file)["fault"]]


def chapters(root: Path) -> dict[str, Path]:
    """The notebooks by their number, `15` for `15_gmm_em.ipynb`."""
    return {path.name.split("_")[0]: path for path in sorted((root / "notebooks").glob("[0-9]*.ipynb"))}


def problems(faults: list[Fault], root: Path) -> list[str]:
    """What makes entries meaningless: a text that is not there once, a replacement that changes nothing."""
    known, found = chapters(root), []
    for fault in faults:
        entry = f"{fault.chapter}, {fault.name!r}"
        if fault.chapter not in known:
            found.append(f"{entry}: there is no chapter {fault.chapter}")
        if fault.text == fault.replacement:
            found.append(f"{entry}: the replacement is the text")
        path = root / fault.file
        times = path.read_text().count(fault.text) if path.is_file() else 0
        if times != 1:
            found.append(f"{entry}: the text stands {times} times in {fault.file}, not once; mend the entry")
    names = Counter((fault.chapter, fault.name) for fault in faults)
    found += [f"{chapter}, {name!r}: there {n} times" for (chapter, name), n in names.items() if n > 1]
    return found
