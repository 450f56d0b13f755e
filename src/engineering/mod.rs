//! Engineering: what keeps a program that learns from data correct, watched and alive.
//!
//! A model is a small part of the program around it. This field holds the tools of that program: how
//! it is tested and its failures made small, and how it is measured while it serves.

pub mod monitor;
pub mod testing;
