//! What the process holds while freed memory is kept, and after. The only test of its program: others' memory would count.
#![cfg(target_os = "linux")]

use std::fs;

use ficta_tch_bridge::{ComputeScope, FreedMemory};
use tch::{Device, Kind, Tensor};

const MIB: i64 = 1 << 20;

/// A tensor of so many MiB, every page written.
fn tensor(mib: i64) -> Tensor {
    Tensor::ones([mib * MIB], (Kind::Uint8, Device::Cpu))
}

/// What lies in memory, MiB.
fn resident() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<i64>().unwrap() / 1024
}

#[test]
fn freed_blocks_are_used_again_and_few_are_held_and_none_at_the_end() {
    let _scope = ComputeScope::single_threaded();
    drop(tensor(1));
    let before = resident();
    let held = || resident() - before;

    let kept = FreedMemory::keep();
    let block = |tensor: &Tensor| tensor.data_ptr().addr();
    let (first, second) = (tensor(64), tensor(96));
    let blocks = [block(&first), block(&second)];
    drop((first, second));
    assert!(held() > 150, "160 MiB stay, not {}", held());
    // Other blocks of the size, and a little less than it.
    let (second, first) = (tensor(96), tensor(63));
    assert_eq!([block(&first), block(&second)], blocks);
    let small = tensor(40);
    assert!(!blocks.contains(&block(&small)));
    assert_eq!(small.min().int64_value(&[]), 1);
    drop((first, second, small));

    // Sizes that do not fit each other, one at a time: 200 MiB in use at the most, a quarter more held.
    for mib in (20..190).step_by(24) {
        drop(tensor(mib));
        assert!(held() <= 200 * 5 / 4 + 30, "{} MiB are held after {mib}", held());
    }

    let (other, alive) = (FreedMemory::keep(), tensor(50));
    drop(kept);
    assert!(held() > 100, "{} MiB", held());
    drop(other);
    assert!((40..80).contains(&held()), "{} MiB with 50 in use", held());
    assert_eq!(alive.min().int64_value(&[]), 1);
    drop(alive);
    assert!(held() < 30, "{} MiB", held());
    drop(tensor(64));
    assert!(held() < 30, "{} MiB", held());
}
