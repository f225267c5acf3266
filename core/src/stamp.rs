//! Plain bytes that say what a library is, readable before anything in it is trusted.

/// Frozen for ever: only bits of `flags` may still be given a meaning.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// [`Stamp::MAGIC`].
    pub magic: [u8; 8],
    /// Bytes of this struct.
    pub size: u32,
    /// API major of the core that the plugin was built with.
    pub api_major: u32,
    /// API minor likewise.
    pub api_minor: u32,
    /// Bit 0: built with `panic = "unwind"`.
    pub flags: u32,
    /// Crate name, NUL-padded UTF-8, as are all texts here.
    pub plugin: [u8; 64],
    /// Crate version.
    pub plugin_version: [u8; 32],
    /// Version of ficta-core.
    pub core_version: [u8; 32],
    /// `rustc -V`.
    pub rustc: [u8; 96],
    /// Numeric library that the process must share: "libtorch 2.11.0"; empty for none.
    pub backend: [u8; 64],
    /// SPDX licence expression.
    pub licence: [u8; 64],
}

/// `s`, NUL-padded and cut to `N - 1` bytes.
pub const fn stamp_bytes<const N: usize>(s: &str) -> [u8; N] {
    let (bytes, mut out, mut i) = (s.as_bytes(), [0; N], 0);
    while i < bytes.len() && i < N - 1 {
        out[i] = bytes[i];
        i += 1;
    }
    out
}

impl Stamp {
    /// First bytes of every stamp.
    pub const MAGIC: [u8; 8] = *b"FICTAPLG";
    /// Raised by every change but an appended kind or an appended, defaulted method.
    pub const API_MAJOR: u32 = 1;
    /// Raised by those. 1: [`Sampler::predictions`](crate::Sampler::predictions).
    pub const API_MINOR: u32 = 1;

    /// The stamp of a plugin built with this core.
    pub const fn new(plugin: &str, version: &str, backend: &str, licence: &str) -> Self {
        Self {
            magic: Self::MAGIC,
            size: size_of::<Self>() as u32,
            api_major: Self::API_MAJOR,
            api_minor: Self::API_MINOR,
            flags: cfg!(panic = "unwind") as u32,
            plugin: stamp_bytes(plugin),
            plugin_version: stamp_bytes(version),
            core_version: stamp_bytes(env!("CARGO_PKG_VERSION")),
            rustc: stamp_bytes(env!("FICTA_RUSTC")),
            backend: stamp_bytes(backend),
            licence: stamp_bytes(licence),
        }
    }

    /// A stamp as it lies in a library's file (little-endian). `None` for bytes without the magic, or fewer than a stamp has.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let stamp = Self {
            magic: take(&mut rest)?,
            size: u32::from_le_bytes(take(&mut rest)?),
            api_major: u32::from_le_bytes(take(&mut rest)?),
            api_minor: u32::from_le_bytes(take(&mut rest)?),
            flags: u32::from_le_bytes(take(&mut rest)?),
            plugin: take(&mut rest)?,
            plugin_version: take(&mut rest)?,
            core_version: take(&mut rest)?,
            rustc: take(&mut rest)?,
            backend: take(&mut rest)?,
            licence: take(&mut rest)?,
        };
        (stamp.magic == Self::MAGIC && stamp.size as usize >= size_of::<Self>()).then_some(stamp)
    }

    /// A text field without its padding.
    pub fn text(field: &[u8]) -> &str {
        let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
        std::str::from_utf8(&field[..end]).unwrap_or("<not UTF-8>")
    }

    /// Whether the plugin's panics can be caught.
    pub fn unwinds(&self) -> bool {
        self.flags & 1 != 0
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, more) = rest.split_first_chunk()?;
    *rest = more;
    Some(*field)
}
