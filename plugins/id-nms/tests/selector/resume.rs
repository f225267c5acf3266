//! A selection that was stopped goes on and decides as one that was not.

use std::{fs, path::Path};

use ficta_core::{Configure, ErrorKind, testing::RecordingHost};
use ficta_id_nms::{Checkpoint, IdNms, IdNmsParams, Metric, Order};

use crate::scene::{Decided, Scene};

fn nms(params: &IdNmsParams, file: &Path) -> IdNms {
    let checkpoint = Some(Checkpoint {
        file: file.to_owned(),
        every: 0.0,
    });
    IdNms::configure(IdNmsParams {
        checkpoint,
        ..params.clone()
    })
    .expect("params in range")
}

fn undisturbed(scene: &Scene, params: &IdNmsParams) -> Decided {
    let mut selector = IdNms::configure(params.clone()).expect("params in range");
    scene
        .select(&mut selector, &RecordingHost::new(3).with_threads(2))
        .expect("valid input")
}

/// Stops a selection after ever more reports of progress, each time from where it stood, until it comes to its end.
fn in_pieces(scene: &Scene, params: &IdNmsParams, file: &Path) -> (Decided, usize) {
    for (stops, threads) in (0..1000).zip([1, 2, 3].into_iter().cycle()) {
        // The first reports are of work that is done anew each time.
        let host = RecordingHost::new(3).with_threads(threads).cancel_after(3 + stops);
        match scene.select(&mut nms(params, file), &host) {
            Ok(decided) => return (decided, stops as usize),
            Err(error) => assert_eq!(error.kind(), ErrorKind::CANCELLED, "{error}"),
        }
    }
    panic!("it never ends");
}

#[test]
fn decisions_are_those_of_an_undisturbed_selection() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = IdNmsParams {
        threshold_real: 0.6,
        threshold_selected: 0.5,
        ..IdNmsParams::default()
    };
    let cases = [
        base.clone(),
        IdNmsParams {
            order: Order::MaxCosine,
            max_per_parent: 3,
            ..base.clone()
        },
        IdNmsParams {
            order: Order::Random,
            target: 40,
            ..base.clone()
        },
        IdNmsParams {
            metric: Metric::VarianceDistance,
            distance_real: 0.3,
            distance_selected: 0.5,
            ..base
        },
    ];
    let mut stopped = 0;
    for (number, params) in cases.iter().enumerate() {
        for mut scene in [
            Scene::smooth(3000, 40, 16, 5),
            Scene::children(3000, 60, 16, 0.1, true, 6),
            Scene::children(9000, 200, 16, 0.0, false, 6),
        ] {
            if params.metric == Metric::VarianceDistance {
                let unknown = scene.variance.iter_mut().flatten().filter(|v| v.is_nan());
                unknown.for_each(|v| *v = 0.05);
            }
            let file = folder.path().join(format!("{number}-{}.state", scene.real_len()));
            let (found, stops) = in_pieces(&scene, params, &file);
            assert_eq!(found, undisturbed(&scene, params), "{params:?}");
            stopped += usize::from(stops > 0 && file.exists());
        }
    }
    assert!(stopped > 6, "only {stopped} selections were stopped on their way");
}

#[test]
fn the_state_of_another_selection_is_not_taken_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state");
    let (scene, params) = (Scene::smooth(2000, 40, 16, 5), IdNmsParams::default());
    let select = |scene: &Scene, params: &IdNmsParams, seed| {
        let host = RecordingHost::new(seed).with_threads(2);
        let decided = scene.select(&mut nms(params, &file), &host).expect("valid input");
        (decided, host)
    };
    select(&scene, &params, 3);
    let state = fs::read(&file).expect("a state");
    let (_, host) = select(&scene, &params, 3);
    assert!(host.heard("goes on after"));

    let mut one_bit = Scene::smooth(2000, 40, 16, 5);
    one_bit.candidates[777] = f32::from_bits(one_bit.candidates[777].to_bits() ^ 1);
    let mut real = Scene::smooth(2000, 40, 16, 5);
    real.real_variance[3] += 0.1;
    let stricter = IdNmsParams {
        threshold_selected: 0.7,
        ..IdNmsParams::default()
    };
    for (other, params, seed) in [
        (&one_bit, &params, 3),
        (&real, &params, 3),
        (&Scene::smooth(1999, 40, 16, 5), &params, 3),
        (&scene, &stricter, 3),
        (&scene, &params, 4),
    ] {
        fs::write(&file, &state).expect("a state");
        let (found, host) = select(other, params, seed);
        assert!(host.heard("starting anew"), "{params:?}");
        assert_eq!(found, undisturbed(other, params));
    }
    fs::write(&file, &state[..state.len() - 9]).expect("half a state");
    let (found, host) = select(&scene, &params, 3);
    assert!(host.heard("is damaged"));
    assert_eq!(found, undisturbed(&scene, &params));
}

#[test]
fn a_place_that_cannot_be_written_stops_no_selection() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "no folder").expect("a file");
    let (scene, params) = (Scene::smooth(2000, 40, 16, 5), IdNmsParams::default());
    let host = RecordingHost::new(3).with_threads(2);
    let found = scene.select(&mut nms(&params, &folder.path().join("file/state")), &host);
    assert_eq!(found.expect("valid input"), undisturbed(&scene, &params));
    assert!(host.heard("the selection goes on"));
}
