//! How often the denoiser is asked, and what becomes of bad input.

mod support;

use std::path::Path;

use ficta_core::{
    Ctx, Denoiser, DenoiserInfo, Error, ErrorKind, NullHost, Prediction, Result, SaveKind, TensorMut, TensorRef,
    testing::{RecordingHost, ToyDenoiser, cosine_alpha_bar},
};

/// A toy denoiser whose description and answers can be spoilt.
struct Spoilt {
    toy: ToyDenoiser,
    info: DenoiserInfo,
    /// Written to the last element of the answer at this t.
    answer: Option<(i64, f32)>,
}

fn spoilt(edit: impl FnOnce(&mut Spoilt)) -> Spoilt {
    let toy = ToyDenoiser::new([1, 2, 2], 2, 0.4, Prediction::V, cosine_alpha_bar(10));
    let mut spoilt = Spoilt {
        info: toy.info(),
        toy,
        answer: None,
    };
    edit(&mut spoilt);
    spoilt
}

impl Denoiser for Spoilt {
    fn info(&self) -> DenoiserInfo {
        self.info.clone()
    }
    fn initialise(&mut self, _: usize, _: u64, _: &Ctx<'_>) -> Result<()> {
        Ok(())
    }
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        self.toy.predict(x_t, t, condition, out.reborrow(), ctx)?;
        if let Some((at, value)) = self
            .answer
            .filter(|(at, _)| t.as_slice::<i64>().is_ok_and(|t| t[0] == *at))
        {
            assert!(at >= 0);
            *out.as_mut_slice::<f32>()?.last_mut().unwrap() = value;
        }
        Ok(())
    }
    fn train_step(&mut self, _: TensorRef<'_>, _: TensorRef<'_>, _: TensorRef<'_>, _: f64, _: &Ctx<'_>) -> Result<f64> {
        Ok(0.0)
    }
    fn save(&self, _: &Path, _: SaveKind, _: &Ctx<'_>) -> Result<()> {
        Ok(())
    }
    fn load(&mut self, _: &Path, _: &Ctx<'_>) -> Result<()> {
        Ok(())
    }
}

const SAMPLERS: [(&str, &str); 3] = [
    ("ddpm", "{}"),
    ("ddim", r#"{"steps": 5}"#),
    ("dpm-solver-pp", r#"{"steps": 5}"#),
];
const CONDITIONS: [f32; 4] = [1.0, 0.0, 0.6, 0.8];

fn errors(edit: impl Fn(&mut Spoilt)) -> [Error; 3] {
    SAMPLERS.map(|(name, params)| {
        let mut sampler = support::sampler(name, params).unwrap();
        support::sample(sampler.as_mut(), &mut spoilt(&edit), &CONDITIONS, &[1, 2]).unwrap_err()
    })
}

#[test]
fn guidance_of_one_asks_once_a_step() {
    for (params, conditional, unconditional) in [
        (r#"{"steps": 5}"#, 5, 0),
        (r#"{"steps": 5, "guidance": 0}"#, 0, 5),
        (r#"{"steps": 5, "guidance": 1.5}"#, 5, 5),
    ] {
        for (name, _) in SAMPLERS {
            let mut denoiser = spoilt(|_| {});
            let mut sampler = support::sampler(name, params).unwrap();
            support::sample(sampler.as_mut(), &mut denoiser, &CONDITIONS, &[1, 2]).unwrap();
            let calls = (denoiser.toy.conditional_calls, denoiser.toy.unconditional_calls);
            assert_eq!(calls, (conditional, unconditional), "{name} {params}");
            let told = sampler.predictions(denoiser.info().alpha_bar.len());
            assert_eq!(told, Some((conditional + unconditional) as u64), "{name} {params}");
        }
    }
}

#[test]
fn an_answer_that_is_not_finite_is_named() {
    for value in [f32::NAN, f32::INFINITY] {
        for error in errors(|d| d.answer = Some((9, value))) {
            assert_eq!(error.kind(), ErrorKind::DATA);
            assert_eq!(
                error.message(),
                format!("the denoiser's output for row 1 at t = 9 is {value}")
            );
        }
    }
    // Without clipping an estimate may leave f32's range; with it, a large answer does no harm.
    let mut sampler = support::sampler("ddim", r#"{"steps": 5, "clip": false}"#).unwrap();
    let mut denoiser = spoilt(|d| d.answer = Some((9, -f32::MAX)));
    denoiser.info.prediction = Prediction::EPSILON;
    let error = support::sample(sampler.as_mut(), &mut denoiser, &CONDITIONS, &[1, 2]).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::DATA, "the image for row 1 at t = 9 is inf")
    );
    let mut sampler = support::sampler("ddim", r#"{"steps": 5}"#).unwrap();
    let mut denoiser = spoilt(|d| d.answer = Some((1, -1e30)));
    let images = support::sample(sampler.as_mut(), &mut denoiser, &CONDITIONS, &[1, 2]).unwrap();
    assert_eq!(images[7], 1.0);
}

#[test]
fn a_faulty_noise_schedule_is_refused() {
    let message = |schedule: &[f64], prediction: Prediction| {
        let [first, second, third] = errors(|d| {
            d.info.alpha_bar = schedule.iter().copied().cycle().take(schedule.len()).collect();
            d.info.prediction = prediction;
        });
        assert_eq!((first.kind(), &first, &first), (ErrorKind::DATA, &second, &third));
        first.message().to_owned()
    };
    let v = Prediction::V;
    assert_eq!(message(&[], v), "the denoiser's alpha_bar is empty");
    assert_eq!(
        message(&[1.0, 0.5], v),
        "the denoiser's alpha_bar at t = 0: expected 0 <= alpha_bar < 1, got 1"
    );
    assert_eq!(
        message(&[0.5, f64::NAN], v),
        "the denoiser's alpha_bar at t = 1: expected 0 <= alpha_bar < 1, got NaN"
    );
    assert_eq!(
        message(&[0.5, 0.6], v),
        "the denoiser's alpha_bar must fall, but is 0.5 at t = 0 and 0.6 at t = 1"
    );
    assert_eq!(
        message(&[0.5, 0.5], v),
        "the denoiser's alpha_bar must fall, but is 0.5 at t = 0 and 0.5 at t = 1"
    );
    assert_eq!(
        message(&[0.5, 0.0], Prediction::EPSILON),
        "the denoiser's alpha_bar is 0 at t = 1, where a prediction of the noise does not determine the image"
    );
}

#[test]
fn a_denoiser_without_weights_is_refused() {
    for (name, params) in SAMPLERS {
        let mut sampler = support::sampler(name, params).unwrap();
        let error = support::sample(
            sampler.as_mut(),
            &mut spoilt(|d| d.info.condition_dim = 0),
            &[],
            &[1, 2],
        );
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::CONFIG, "the denoiser has no weights yet")
        );
    }
}

#[test]
fn sampling_reports_every_step_and_stops_when_asked() {
    for name in ["ddim", "dpm-solver-pp"] {
        reports_every_step_and_stops(name);
    }
}

fn reports_every_step_and_stops(name: &str) {
    let run = |host: &RecordingHost, denoiser: &mut Spoilt| {
        let mut out = [7f32; 8];
        let mut sampler = support::sampler(name, r#"{"steps": 5}"#).unwrap();
        let result = sampler.sample(
            denoiser,
            TensorRef::new(&CONDITIONS, &[2, 2]).unwrap(),
            TensorRef::new(&[1u64, 2], &[2]).unwrap(),
            TensorMut::new(&mut out, &[2, 1, 2, 2]).unwrap(),
            &Ctx::new(host),
        );
        (result, out)
    };
    let host = RecordingHost::new(0);
    run(&host, &mut spoilt(|_| {})).0.unwrap();
    let done: Vec<u64> = host.progress_reports().iter().map(|(done, ..)| *done).collect();
    assert_eq!(done, [0, 1, 2, 3, 4, 5]);

    let (mut denoiser, host) = (spoilt(|_| {}), RecordingHost::new(0).cancel_after(3));
    let (result, out) = run(&host, &mut denoiser);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::CANCELLED);
    assert_eq!(
        (denoiser.toy.conditional_calls, out),
        (3, [7.0; 8]),
        "nothing is written"
    );
}

#[test]
fn shapes_that_disagree_are_refused() {
    let host = NullHost::default();
    let refusal = |conditions: &[usize], seeds: usize, out: &[usize]| {
        let [first, second, third] = SAMPLERS.map(|(name, params)| {
            let c = vec![0.5f32; conditions.iter().product()];
            let (s, mut o) = (vec![1u64; seeds], vec![0f32; out.iter().product()]);
            let mut sampler = support::sampler(name, params).unwrap();
            let conditions = TensorRef::new(&c, conditions).unwrap();
            let seeds = TensorRef::new(&s, &[seeds]).unwrap();
            let out = TensorMut::new(&mut o, out).unwrap();
            sampler
                .sample(&mut spoilt(|_| {}), conditions, seeds, out, &Ctx::new(&host))
                .unwrap_err()
        });
        assert_eq!((first.kind(), &first, &first), (ErrorKind::SHAPE, &second, &third));
        first.message().to_owned()
    };
    assert_eq!(
        refusal(&[2, 3], 2, &[2, 1, 2, 2]),
        "conditions: expected shape [2, 2], got [2, 3]"
    );
    assert_eq!(
        refusal(&[4], 2, &[2, 1, 2, 2]),
        "conditions: expected 2 dimensions, got shape [4]"
    );
    assert_eq!(refusal(&[2, 2], 3, &[2, 1, 2, 2]), "seeds: expected shape [2], got [3]");
    assert_eq!(
        refusal(&[2, 2], 2, &[2, 3, 2, 2]),
        "out: expected shape [2, 1, 2, 2], got [2, 3, 2, 2]"
    );
}

#[test]
fn a_condition_that_is_not_finite_is_named() {
    for (name, params) in SAMPLERS {
        let mut sampler = support::sampler(name, params).unwrap();
        let conditions = [1.0, 0.0, f32::NAN, 0.0];
        let error = support::sample(sampler.as_mut(), &mut spoilt(|_| {}), &conditions, &[1, 2]).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::DATA, "condition of row 1 holds NaN")
        );
    }
}

#[test]
fn bad_parameters_are_refused() {
    let refusal = |name: &str, params: &str| {
        let error = support::sampler(name, params).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::CONFIG);
        error.to_string()
    };
    insta::assert_snapshot!(refusal("ddim", r#"{"eta": 1.5}"#), @r"
    eta: expected 0 to 1, got 1.5
      fix: 0 is deterministic, 1 adds as much noise as DDPM
    ");
    insta::assert_snapshot!(refusal("ddim", r#"{"guidance": -1}"#), @r"
    guidance: expected a number of at least 0, got -1
      fix: 1 is no guidance; 1.5 to 4 is usual
    ");
    insta::assert_snapshot!(refusal("ddpm", r#"{"steps": 0}"#), @r"
    steps: expected at least 1, got 0
      fix: leave it out to visit all time steps
    ");
    insta::assert_snapshot!(refusal("dpm-solver-pp", r#"{"steps": 0}"#), @r"
    steps: expected at least 1, got 0
      fix: 10 to 25 are usual
    ");
    insta::assert_snapshot!(refusal("dpm-solver-pp", r#"{"order": 3}"#), @r"
    order: expected 1 or 2, got 3
      fix: 2 is usual; 1 is the same as DDIM
    ");
    assert!(refusal("dpm-solver-pp", r#"{"guidance": -1}"#).contains("guidance: expected a number of at least 0"));
    assert!(refusal("ddim", r#"{"spacing": "even"}"#).contains("expected one of `leading`, `trailing`, `linspace`"));
    assert!(refusal("ddim", r#"{"step": 5}"#).contains("unknown field `step`"));
}

#[test]
fn more_steps_than_the_denoiser_has_are_refused() {
    let mut sampler = support::sampler("ddim", r#"{"steps": 11}"#).unwrap();
    let error = support::sample(sampler.as_mut(), &mut spoilt(|_| {}), &CONDITIONS, &[1, 2]).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::CONFIG, "steps: expected 1 to 10, got 11")
    );
    let mut sampler = support::sampler("ddim", r#"{"steps": 1, "spacing": "leading"}"#).unwrap();
    assert!(support::sample(sampler.as_mut(), &mut spoilt(|_| {}), &CONDITIONS, &[1, 2]).is_err());
}
