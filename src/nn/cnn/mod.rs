//! A small convolutional network, trained by automatic gradients.
//!
//! ```text
//! for each of the given numbers of channels:
//!     convolution k × k, padded to keep the size  →  relu  →  the maximum of each 2 × 2
//! then a linear layer from all that is left to the classes' logits;  L = mean −ln softmax(z)_y
//! ```
//!
//! Convolution shares its weights over the picture, and pooling halves each side: from `(1, 8, 8)` over `(8, 4, 4)` to
//! `(16, 2, 2)`, with 80 + 1168 + 650 weights where a dense layer of that width would have tens of thousands. The
//! numbers are `f32`. The same seed gives the same bits, on any number of threads, also after an interrupt.
//!
//! # References
//! `LeCun`, Bottou, Bengio & Haffner (1998), section II; He et al. (2015), eq. 10, for the start.

mod classifier;
mod params;

pub use classifier::CnnClassifier;
pub use params::CnnClassifierParams;
