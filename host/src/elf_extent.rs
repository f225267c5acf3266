//! Whether a library file is as long as its own headers say.
//!
//! The dynamic linker maps a file without looking at its length: one that was cut off ends the process with SIGBUS.

/// The number of bytes that a 64-bit little-endian ELF file needs by its program and section headers; `None` for other files, which the
/// dynamic linker refuses by itself.
pub fn needed(file: &[u8]) -> Option<u64> {
    let number = |at: u64, bytes: usize| {
        let at = usize::try_from(at).ok()?;
        let field = file.get(at..at.checked_add(bytes)?)?;
        Some(field.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b)))
    };
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (Some(programs), Some(sections)) = (number(0x20, 8), number(0x28, 8)) else {
        return Some(0x40);
    };
    let (Some(size), Some(count)) = (number(0x36, 2), number(0x38, 2)) else {
        return Some(0x40);
    };
    let (Some(section_size), Some(section_count)) = (number(0x3a, 2), number(0x3c, 2)) else {
        return Some(0x40);
    };
    let mut end = programs
        .saturating_add(size * count)
        .max(sections.saturating_add(section_size * section_count));
    for header in 0..count {
        let at = programs.saturating_add(header * size);
        // p_offset and p_filesz
        let (Some(offset), Some(length)) = (number(at.saturating_add(8), 8), number(at.saturating_add(0x20), 8)) else {
            return Some(end);
        };
        end = end.max(offset.saturating_add(length));
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_whole_and_each_part_of_it_is_not() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let all = own.len() as u64;
        let need = needed(&own).unwrap();
        assert!(need <= all, "{need} of {all}");
        for part in [6, 64, 1000, own.len() / 2, own.len() - 4096] {
            assert!(needed(&own[..part]).unwrap() > part as u64, "cut to {part} of {all}");
        }
        assert_eq!(needed(b"no library"), None);
    }
}
