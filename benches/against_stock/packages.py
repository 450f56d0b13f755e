"""Small packages that lie in a session's folder."""


def package(name, code, head="", marked=False, dependencies="", folder=""):
    """A library: its manifest and its file. A marked one is what our cells see without asking."""
    manifest = f'[package]\nname = "{name}"\nversion = "0.4.2"\nedition = "2021"\n{head}'
    if marked:
        manifest += '\n[package.metadata.notebook]\n\n[lib]\ncrate-type = ["dylib"]\n'
    manifest += f"\n[dependencies]\n{dependencies}"
    return {f"{folder}Cargo.toml": manifest, f"{folder}src/lib.rs": code}


# A reader's own package, which knows nothing of notebooks, and the same one marked.
DEPTH = "pub fn depth() -> u32 { 17 }\n"
OWN = package("harbour", DEPTH, dependencies='itoa = "1"\n')
MARKED = package("harbour", DEPTH + "pub use itoa;\n", marked=True, dependencies='itoa = "1"\n')
HERE = ':dep harbour = { path = "." }'
