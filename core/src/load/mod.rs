//! Opening plugin libraries (feature `load`): what a host does, and what the test kit does to a plugin's own library.
//!
//! The order: the file's own headers and its [`Stamp`](crate::Stamp), read from the file before anything of it runs; the dynamic linker;
//! abi_stable's header; the layout check in the direction that fits; the module.

mod layout;
mod library_file;
mod load_error;
mod plugin;

pub use library_file::LibraryFile;
pub use load_error::LoadError;
pub use plugin::Plugin;
