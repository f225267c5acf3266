//! The `ficta` command.
fn main() {}
