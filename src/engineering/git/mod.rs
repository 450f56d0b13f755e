//! What git is made of: objects named by their content, a graph of commits, a shortest edit script,
//! and a merge of three texts.
//!
//! ```text
//! id(kind, body)  = SHA-1( kind ␣ length(body) \0 body )
//! blob            = the file's bytes
//! tree            = ( mode ␣ name \0 id )*                  entries in order, ids as 20 bytes
//! commit          = tree, parents, author, committer, blank line, message
//! branch          = a file that holds 40 digits and a newline: a pointer, no copy
//! merge bases     = common ancestors that are ancestors of no other common ancestor
//! ```
//!
//! The name of an object says what is in it, all the way down: the same files give the same tree, in
//! every repository. To rewrite a commit is to make another one, with other descendants.
//!
//! ```
//! use mlnotes::engineering::git::{ObjectKind, Sandbox, object_id};
//! let ours = object_id(ObjectKind::Blob, b"hello\n");
//! assert_eq!(ours.to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
//! let sandbox = Sandbox::new()?;
//! sandbox.write("f", "hello\n")?;
//! assert_eq!(sandbox.git(&["hash-object", "f"])?.trim(), ours.to_string());
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Chacon & Straub (2014), *Pro Git*, 2nd ed., chapter 10 (internals); Myers (1986), *An O(ND)
//! difference algorithm and its variations*, Algorithmica 1; Khanna, Kunal & Pierce (2007), *A formal
//! investigation of diff3*.

mod diff;
#[cfg(feature = "plot")]
mod draw;
mod graph;
mod merge;
mod object;
mod sandbox;

pub use diff::{Edit, diff_lines};
pub use graph::{CommitGraph, CommitNode};
pub use merge::{Merged, merge3};
pub use object::{
    Commit, EntryMode, ObjectKind, Oid, Signature, TreeEntry, commit_body, object_id, tree_body,
};
pub use sandbox::Sandbox;
