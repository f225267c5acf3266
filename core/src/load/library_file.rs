//! What a library's file says before the dynamic linker sees it.

use std::path::{Path, PathBuf};

use object::{
    LittleEndian, Object, ObjectSegment, ObjectSymbol,
    elf::FileHeader64,
    read::elf::{ElfFile64, ProgramHeader},
};

use super::LoadError;
use crate::Stamp;

/// Begins the name of the symbol that holds a stamp; the crate's name follows.
const STAMP: &str = "ficta_stamp_";

/// A library whose stamp was read from its file; nothing of it has run.
#[derive(Debug, Clone)]
pub struct LibraryFile {
    /// The file.
    pub path: PathBuf,
    /// Crate name, in whole; the stamp's text is cut at 63 bytes.
    pub crate_name: String,
    /// What the library says of itself.
    pub stamp: Stamp,
    /// The shared libraries that it asks the dynamic linker for.
    pub needed: Vec<String>,
}

impl LibraryFile {
    /// Reads a library's file: whether it is whole, and its stamp.
    ///
    /// The dynamic linker maps a file without looking at its length, and one that was cut off ends the process with SIGBUS; so its extent is
    /// checked here.
    ///
    /// # Errors
    /// A file that cannot be read, is cut off, is no 64-bit ELF library, or bears no stamp or several.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let bytes = std::fs::read(path)
            .map_err(|e| LoadError::new(path, format!("it cannot be read: {e}"), "check its permissions"))?;
        let whole = "build or copy it again, whole";
        if bytes.starts_with(b"\x7fELF") || b"\x7fELF".starts_with(&bytes[..bytes.len().min(4)]) {
            // An ELF file, or the beginning of one.
        } else {
            let fix = "check that the file is a shared library for this machine";
            return Err(LoadError::new(path, "no shared library: it is not an ELF file", fix));
        }
        let file = ElfFile64::<LittleEndian>::parse(&*bytes).map_err(|e| {
            let reason = format!("its {} bytes are not a whole 64-bit ELF file: {e}", bytes.len());
            LoadError::new(path, reason, whole)
        })?;
        let needed = extent(&file);
        if needed > bytes.len() as u64 {
            let reason = format!("cut off: {} bytes, but its headers speak of {needed}", bytes.len());
            return Err(LoadError::new(path, reason, whole));
        }
        let (crate_name, stamp) = find_stamp(path, &file)?;
        Ok(Self {
            path: path.into(),
            crate_name,
            stamp,
            needed: libraries(&file),
        })
    }
}

/// The last byte that the program headers speak of.
fn extent(file: &File<'_>) -> u64 {
    let headers = file.elf_program_headers().iter();
    let ends = headers.map(|h| h.p_offset(LittleEndian).saturating_add(h.p_filesz(LittleEndian)));
    ends.max().unwrap_or(0)
}

/// The names of `DT_NEEDED`.
fn libraries(file: &File<'_>) -> Vec<String> {
    let table = file.elf_section_table();
    let Ok(Some((entries, strings))) = table.dynamic(LittleEndian, file.data()) else {
        return Vec::new();
    };
    let strings = table.strings(LittleEndian, file.data(), strings).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry.d_tag.get(LittleEndian) == object::elf::DT_NEEDED)
        .filter_map(|entry| strings.get(entry.d_val.get(LittleEndian) as u32).ok())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// `target/release/libficta_losses.so` -> `ficta_losses`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_prefix(std::env::consts::DLL_PREFIX).unwrap_or(&stem);
    stem.to_owned()
}

type File<'a> = ElfFile64<'a, LittleEndian, &'a [u8]>;

fn find_stamp(path: &Path, file: &File<'_>) -> Result<(String, Stamp), LoadError> {
    let named = |symbol: &object::read::elf::ElfSymbol<'_, '_, FileHeader64<LittleEndian>, &[u8]>| {
        let name = symbol.name().ok()?.strip_prefix(STAMP)?.to_owned();
        symbol.is_definition().then_some((name, symbol.address()))
    };
    let mut stamps: Vec<_> = file.dynamic_symbols().filter_map(|s| named(&s)).collect();
    // A plugin that links another plugin's crate bears both stamps; its file name says which it is.
    if stamps.len() > 1 {
        let own = name_of(path);
        let all = stamps.iter().map(|s| s.0.as_str()).collect::<Vec<_>>().join(", ");
        stamps.retain(|(name, _)| *name == own);
        if stamps.is_empty() {
            let reason = format!("it bears the stamps of several plugins ({all}), none of which is `{own}`");
            let fix = "give the file the name that cargo gave it";
            return Err(LoadError::new(path, reason, fix));
        }
    }
    let Some((name, address)) = stamps.pop() else {
        return Err(LoadError::new(
            path,
            format!("no plugin: a shared library without a symbol `{STAMP}...`"),
            "put `export_plugin!()` at its crate root, if it is a plugin of ficta",
        ));
    };
    let bytes = file
        .segments()
        .find_map(|s| s.data_range(address, size_of::<Stamp>() as u64).ok().flatten());
    let stamp = bytes.and_then(Stamp::from_bytes).ok_or_else(|| {
        let reason = format!("the symbol `{STAMP}{name}` is none of ficta's stamps");
        LoadError::new(path, reason, "rebuild it with ficta-core")
    })?;
    Ok((name, stamp))
}
