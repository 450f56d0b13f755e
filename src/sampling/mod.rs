//! Drawing samples: the bootstrap.
