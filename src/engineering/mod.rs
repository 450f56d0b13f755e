//! Engineering: the shell and version control, as code that can be tested.
pub mod git;
pub mod shell;
