//! The most memory that this process has held.

use std::fs;

/// Forgets the peak so far, so that [`peak`] tells that of what comes now. Where the system cannot (Linux can), nothing happens.
pub fn forget() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Peak resident memory in bytes since [`forget`]; `None` where the system does not tell.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kib)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_held_for_a_while_is_seen() {
        let size = 256 << 20;
        forget();
        let before = peak().unwrap();
        drop(std::hint::black_box(vec![1u8; size]));
        let during = peak().unwrap();
        assert!(during >= before + size as u64 / 2, "{before} {during}");
    }
}
