//! The error that crosses the boundary.

use std::fmt;

use abi_stable::{
    StableAbi,
    std_types::{RBox, ROption, RString, RVec},
};

/// `Result` with ficta's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms that the host can act on.
///
/// A transparent integer and no enum, so that a new kind breaks no plugin.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorKind(u32);

impl ErrorKind {
    /// None of the other kinds.
    pub const OTHER: Self = Self(0);
    /// A parameter or a configuration that cannot be honoured.
    pub const CONFIG: Self = Self(1);
    /// A tensor of another shape, type or device than agreed.
    pub const SHAPE: Self = Self(2);
    /// Something that this component does not offer.
    pub const UNSUPPORTED: Self = Self(3);
    /// Stopped because the host asked for it.
    pub const CANCELLED: Self = Self(4);
    /// A panic inside a plugin, caught there.
    pub const PANIC: Self = Self(5);
    /// An error of the numeric library below the plugin.
    pub const BACKEND: Self = Self(6);
    /// Data that is invalid: NaN, zero vectors, labels out of range, a corrupt file.
    pub const DATA: Self = Self(7);
    /// Reading or writing failed.
    pub const IO: Self = Self(8);
    /// A training whose loss, embeddings or gradient are finite no more.
    pub const DIVERGED: Self = Self(9);

    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::CONFIG => "config",
            Self::SHAPE => "shape",
            Self::UNSUPPORTED => "unsupported",
            Self::CANCELLED => "cancelled",
            Self::PANIC => "panic",
            Self::BACKEND => "backend",
            Self::DATA => "data",
            Self::IO => "io",
            Self::DIVERGED => "diverged",
            _ => "other",
        }
    }
}

impl fmt::Debug for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error with its kind, its causes, what to do about it and, for a panic, its place.
///
/// Boxed, so that a `Result` is small where nothing goes wrong.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, PartialEq)]
pub struct Error(RBox<Body>);

#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq)]
#[doc(hidden)]
pub struct Body {
    kind: ErrorKind,
    message: RString,
    help: ROption<RString>,
    causes: RVec<RString>,
    location: ROption<RString>,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident),*) => {$(
        $(#[$doc])*
        pub fn $name(message: impl Into<String>) -> Self {
            Self::new(ErrorKind::$kind, message)
        }
    )*};
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(RBox::new(Body {
            kind,
            message: RString::from(message.into()),
            help: ROption::RNone,
            causes: RVec::new(),
            location: ROption::RNone,
        }))
    }

    constructors! {
        /// See [`ErrorKind::CONFIG`].
        config => CONFIG,
        /// See [`ErrorKind::SHAPE`].
        shape => SHAPE,
        /// See [`ErrorKind::UNSUPPORTED`].
        unsupported => UNSUPPORTED,
        /// See [`ErrorKind::DATA`].
        data => DATA,
        /// See [`ErrorKind::BACKEND`].
        backend => BACKEND,
        /// See [`ErrorKind::IO`].
        io => IO,
        /// See [`ErrorKind::DIVERGED`].
        diverged => DIVERGED
    }

    /// Wraps any error under a message of our own and keeps its `source()` chain as text.
    pub fn wrap(kind: ErrorKind, message: impl Into<String>, err: &(dyn std::error::Error + 'static)) -> Self {
        let mut out = Self::new(kind, message);
        let mut next = Some(err);
        while let Some(e) = next {
            out.0.causes.push(RString::from(e.to_string()));
            next = e.source();
        }
        out
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = ROption::RSome(RString::from(help.into()));
        self
    }

    /// Adds the place in the source (`file:line:column`).
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.0.location = ROption::RSome(RString::from(location.into()));
        self
    }

    /// Puts what was being done before the message: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = RString::from(format!("{context}: {}", self.0.message));
        self
    }

    /// The error's kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// The message alone.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// What to do about it, if known.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_ref().map(RString::as_str).into_option()
    }
    /// The underlying causes, outermost first.
    pub fn causes(&self) -> impl Iterator<Item = &str> {
        self.0.causes.iter().map(RString::as_str)
    }
    /// Where a panic happened.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_ref().map(RString::as_str).into_option()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            ErrorKind::PANIC => write!(f, "panic in a plugin: {}", self.0.message)?,
            _ => f.write_str(&self.0.message)?,
        }
        if let Some(at) = self.location() {
            write!(f, " (at {at})")?;
        }
        for cause in self.causes() {
            write!(f, "\n  caused by: {cause}")?;
        }
        if let Some(help) = self.help_text() {
            write!(f, "\n  fix: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Self::io(e.to_string())
    }
}
