//! Threads, denormals, and pieces of work.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ficta_core::{Ctx, Error, ErrorKind, NullHost, testing::RecordingHost};
use ficta_tch_bridge::{ComputeScope, in_order};
use tch::{Kind, Tensor};

/// Enough for libtorch to give every thread a share: it splits elementwise work from 32,768 elements.
const MANY: i64 = 1 << 20;
/// Half the least normal f32.
const DENORMAL: f64 = 5.877_471_754_111_438e-39;

fn denormals() -> Tensor {
    // Set bit by bit: computing them would flush them.
    Tensor::from_slice(&vec![DENORMAL as f32; MANY as usize])
}

/// How many of the elements are still there after a multiplication by one.
fn survivors(x: &Tensor) -> i64 {
    let product = x * 1.0f64;
    let values = Vec::<f32>::try_from(product).unwrap();
    values.iter().filter(|v| v.to_bits() != 0).count() as i64
}

#[test]
fn every_openmp_thread_flushes_denormals_inside_the_scope() {
    let x = denormals();
    // A thread of its own, so that its OpenMP workers start inside the scope, as in a plugin that enters before anything else.
    std::thread::spawn(move || {
        let host = RecordingHost::new(0).with_threads(3);
        let _scope = ComputeScope::enter(&Ctx::new(&host));
        assert_eq!(tch::get_num_threads(), 3);
        assert_eq!(survivors(&x), 0);
    })
    .join()
    .unwrap();
}

#[test]
fn without_the_scope_denormals_are_kept() {
    // The control of the test above.
    let x = denormals();
    let kept = std::thread::spawn(move || {
        tch::set_num_threads(3);
        survivors(&x)
    });
    assert_eq!(kept.join().unwrap(), MANY);
}

#[test]
fn the_calling_thread_gets_its_mode_back() {
    let half = std::hint::black_box(f32::MIN_POSITIVE);
    let halved = || std::hint::black_box(half * std::hint::black_box(0.5));
    let host = NullHost::default();
    {
        let _outer = ComputeScope::enter(&Ctx::new(&host));
        {
            let _inner = ComputeScope::single_threaded();
            assert_eq!(halved(), 0.0);
        }
        assert_eq!(halved(), 0.0);
    }
    assert!(halved() > 0.0);
}

#[test]
fn pieces_come_in_order_whatever_the_threads() {
    for threads in [1, 2, 5, 64] {
        let host = RecordingHost::new(0).with_threads(threads);
        let (mut seen, supplies) = (Vec::new(), AtomicUsize::new(0));
        in_order(
            20,
            &Ctx::new(&host),
            || {
                supplies.fetch_add(1, Ordering::Relaxed);
                Tensor::from_slice(&[2f32])
            },
            |two, job| {
                // The first jobs take longest.
                std::thread::sleep(std::time::Duration::from_millis(20u64.saturating_sub(job as u64)));
                Ok((two * job as f64).double_value(&[0]))
            },
            |job, value| {
                seen.push((job, value));
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..20).map(|i| (i, 2.0 * i as f64)).collect::<Vec<_>>());
        assert_eq!(supplies.into_inner(), threads.min(20) as usize);
    }
}

#[test]
fn each_piece_computes_on_one_thread_without_denormals() {
    let host = RecordingHost::new(0).with_threads(2);
    let x = denormals();
    let supply = || x.shallow_clone();
    let work = |x: &Tensor, _| Ok((tch::get_num_threads(), survivors(x)));
    let check = |_, found| {
        assert_eq!(found, (1, 0));
        Ok(())
    };
    in_order(4, &Ctx::new(&host), supply, work, check).unwrap();
}

#[test]
fn no_jobs_are_done_at_once() {
    let host = RecordingHost::new(0).with_threads(2);
    in_order(
        0,
        &Ctx::new(&host),
        || (),
        |(), _| Ok(()),
        |_, ()| panic!("nothing to fold"),
    )
    .unwrap();
}

#[test]
fn the_first_error_ends_the_work() {
    for threads in [1, 2] {
        let host = RecordingHost::new(0).with_threads(threads);
        let (begun, folded) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = |(): &(), job: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(2));
            if job >= 3 {
                Err(Error::data(format!("job {job}")))
            } else {
                Ok(job)
            }
        };
        let fold = |_, job| {
            folded.lock().unwrap().push(job);
            Ok(())
        };
        let error = in_order(1000, &Ctx::new(&host), || (), work, fold).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::DATA, "job 3"));
        assert_eq!(folded.into_inner().unwrap(), [0, 1, 2]);
        assert!(begun.into_inner() < 100);
    }
}

#[test]
fn cancellation_ends_the_work() {
    for threads in [1, 2] {
        let host = RecordingHost::new(0).with_threads(threads);
        let begun = AtomicUsize::new(0);
        let work = |(): &(), _| {
            if begun.fetch_add(1, Ordering::Relaxed) == 2 {
                host.cancel();
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
            Ok(())
        };
        let error = in_order(1000, &Ctx::new(&host), || (), work, |_, ()| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CANCELLED);
        assert!(begun.into_inner() < 100);
    }
}

#[test]
fn operations_keep_their_element_type() {
    // `* 1.0f64` above must not have made f64 of f32, in which denormals of f32 are none.
    assert_eq!((Tensor::from_slice(&[1f32]) * 1.0f64).kind(), Kind::Float);
}
