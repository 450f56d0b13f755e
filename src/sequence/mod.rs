//! Models of sequences: hidden Markov models and linear-chain conditional random fields.

mod chain;
pub mod crf;
pub mod hmm;
