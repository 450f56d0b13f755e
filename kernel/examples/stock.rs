//! The stock kernel, `evcxr_jupyter`, so that tests can run the notebooks on it and benchmarks race it.

fn main() -> anyhow::Result<()> {
    evcxr_jupyter::main()
}
