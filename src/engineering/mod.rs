//! Engineering: what keeps a program that learns from data correct, watched and alive.
//!
//! A model is a small part of the program around it. This field holds the tools of that program: how
//! it is tested and its failures made small, how it is measured while it serves, the shell and version
//! control as code that can be tested, and the idioms that a Python programmer brings along.
//!
//! ```text
//! L = λ W                              load and latency are tied                    monitor
//! id = SHA-1("kind length\0" + body)   a version is named by what it holds          git
//! hit rate = hits / (hits + misses)    what a cache is worth                        cache
//! ```

pub mod cache;
pub mod construct;
pub mod functional;
pub mod git;
pub mod monitor;
pub mod shell;
pub mod testing;
