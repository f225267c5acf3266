//! Components that misbehave on request. Each works as it should until it is told how not to.

mod denoiser;
mod encoder;
mod loss;
mod proposer;
mod sampler;
mod selector;

/// How to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Not at all.
    Good,
    /// Panic while it is built.
    PanicInConstruction,
    /// Panic in a call.
    PanicInCall,
    /// Panic when it is dropped.
    PanicInDrop,
    /// Panic when it is dropped, with a payload that panics when it is dropped.
    PanicInDropTwice,
    /// An error with causes and help.
    ErrorChain,
    /// NaN where numbers belong.
    Nan,
    /// Another count than the truth.
    WrongCount,
    /// A negative variance.
    WrongVariance,
    /// Decide on a candidate by a row that does not exist.
    WrongRow,
    /// A yield curve of more than there is.
    WrongCurve,
    /// Announce sizes of 0.
    NoSize,
    /// Announce sizes that no memory holds.
    HugeSize,
    /// Never return.
    Hang,
    /// More memory than an address space has.
    CapacityOverflow,
    /// Memory that cannot be had.
    Allocate,
    /// Write to address 0.
    Segfault,
    /// Call itself for ever.
    StackOverflow,
    /// End the process as if all were well.
    Exit,
    /// Print to standard output.
    Print,
    /// A thread of its own that panics.
    PanicInThread,
}

/// Parameters.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// How to misbehave.
    pub mode: Mode,
}

impl Mode {
    /// What every kind does alike before its own work.
    pub fn misbehave(self) -> ficta_core::Result<()> {
        match self {
            Self::PanicInCall => panic!("the hostile component panics in a call"),
            Self::ErrorChain => {
                let inner = std::io::Error::other("the innermost cause");
                let outer = Wrapped(inner);
                Err(
                    ficta_core::Error::wrap(ficta_core::ErrorKind::BACKEND, "the hostile component gives up", &outer)
                        .help("do not use it"),
                )
            }
            Self::Hang => loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            },
            Self::CapacityOverflow => {
                let many: Vec<u64> = Vec::with_capacity(std::hint::black_box(usize::MAX / 2));
                panic!("{} words were to be had", many.capacity())
            }
            Self::Allocate => {
                let many: Vec<u8> = Vec::with_capacity(std::hint::black_box(1 << 46));
                panic!("{} bytes were to be had", many.capacity())
            }
            Self::Segfault => {
                // SAFETY: none; that is the point.
                unsafe { std::hint::black_box(std::ptr::null_mut::<u8>()).write_volatile(1) };
                Ok(())
            }
            Self::StackOverflow => {
                std::hint::black_box(deeper(0));
                Ok(())
            }
            Self::Exit => std::process::exit(0),
            Self::Print => {
                println!("the hostile component prints to standard output");
                Ok(())
            }
            Self::PanicInThread => {
                let _ = std::thread::spawn(|| panic!("a thread of the hostile component panics")).join();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// An error with a source.
#[derive(Debug)]
struct Wrapped(std::io::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the cause in between")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[allow(unconditional_recursion)]
fn deeper(n: u64) -> u64 {
    let page = std::hint::black_box([n; 512]);
    deeper(n + 1) + page[0]
}

ficta_core::export_plugin!();
