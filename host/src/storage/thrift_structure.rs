//! Structures of Thrift's compact protocol, whose fields have to be of the types that the format gives them.
//!
//! The `parquet` crate takes a field to be of its type, whatever its type in the file is.

use thrift::protocol::{TInputProtocol, TType};

/// A field of a structure, whose value comes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its number, where the format knows it.
    pub known: Option<i16>,
    pub kind: TType,
}

/// Reads a structure whose fields 1, 2 and so on are of these types; `value` reads or passes over what each holds.
///
/// # Errors
/// A field of another type; what `value` returns.
pub(super) fn structure(
    protocol: &mut dyn TInputProtocol,
    types: &[TType],
    value: &mut dyn FnMut(&mut dyn TInputProtocol, Field) -> thrift::Result<()>,
) -> thrift::Result<()> {
    protocol.read_struct_begin()?;
    loop {
        let found = protocol.read_field_begin()?;
        let kind = found.field_type;
        if kind == TType::Stop {
            return protocol.read_struct_end();
        }
        let id = found.id.unwrap_or_default();
        let known = usize::try_from(id).ok().and_then(|id| types.get(id.checked_sub(1)?));
        if known.is_some_and(|known| *known != kind) {
            return Err(format!("field {id} is of type {kind:?}").into());
        }
        value(
            protocol,
            Field {
                known: known.map(|_| id),
                kind,
            },
        )?;
    }
}

/// What went wrong; thrift's own words name only the kind.
pub(super) fn why(error: thrift::Error) -> String {
    match error {
        thrift::Error::Transport(e) => e.message,
        thrift::Error::Protocol(e) => e.message,
        thrift::Error::Application(e) => e.message,
        thrift::Error::User(e) => e.to_string(),
    }
}
