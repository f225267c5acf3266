//! Both sides of the ABI layer in one binary; small enough for Miri (`cargo +nightly miri test -p ficta-core --test boundary`).

use abi_stable::{prefix_type::PrefixRefTrait, std_types::RResult};
use ficta_core::{abi::*, *};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// Loss = sum of the cosines; gradient 2.
struct Sum(u8);
impl Configure for Sum {
    type Params = NoParams;
    fn configure(_: NoParams) -> Result<Self> {
        Ok(Sum(7))
    }
}
impl Loss for Sum {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        gradient.cosines.as_mut_slice::<f32>()?.fill(2.0);
        ctx.progress(1, 1, "batches")?;
        let sum: f32 = input.cosines.as_slice::<f32>()?.iter().sum();
        assert!(sum >= 0.0, "negative sum");
        Ok(f64::from(sum))
    }
    fn save_state(&self) -> Result<Vec<u8>> {
        Ok(vec![self.0])
    }
    fn load_state(&mut self, state: &[u8]) -> Result<()> {
        self.0 = state[0];
        Ok(())
    }
}
impl Drop for Sum {
    fn drop(&mut self) {
        assert_ne!(self.0, 13, "unlucky drop");
        if self.0 == 14 {
            std::panic::panic_any(Unlucky);
        }
    }
}

/// A payload that panics when it is dropped.
struct Unlucky;
impl Drop for Unlucky {
    fn drop(&mut self) {
        panic!("unlucky payload");
    }
}
register_loss!(Sum, "sum", "for tests");

/// Scales its input by 3.
struct Triple;
impl Denoiser for Triple {
    fn info(&self) -> DenoiserInfo {
        DenoiserInfo {
            channels: 1,
            height: 1,
            width: 2,
            condition_dim: 2,
            prediction: Prediction::V,
            alpha_bar: vec![0.9, 0.1].into(),
            parameters: 0,
        }
    }
    fn initialise(&mut self, _: usize, _: u64, _: &Ctx<'_>) -> Result<()> {
        Ok(())
    }
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        _: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<()> {
        assert!(condition.is_some(), "no condition");
        for (y, x) in out.as_mut_slice::<f32>()?.iter_mut().zip(x_t.as_slice::<f32>()?) {
            *y = 3.0 * x;
        }
        Ok(())
    }
    fn train_step(&mut self, _: TensorRef<'_>, _: TensorRef<'_>, _: TensorRef<'_>, _: f64, _: &Ctx<'_>) -> Result<f64> {
        Err(Error::unsupported("not trainable").help("take another denoiser"))
    }
    fn save(&self, path: &std::path::Path, _: SaveKind, _: &Ctx<'_>) -> Result<()> {
        Err(Error::io(format!("{}: read-only", path.display())))
    }
    fn load(&mut self, _: &std::path::Path, _: &Ctx<'_>) -> Result<()> {
        Ok(())
    }
}

/// One prediction at t = 0 from ones.
struct OneStep;
impl Configure for OneStep {
    type Params = NoParams;
    fn configure(_: NoParams) -> Result<Self> {
        Ok(OneStep)
    }
}
impl Sampler for OneStep {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let ones = vec![1f32; out.len()];
        let condition = (seeds.as_slice::<u64>()?[0] > 0).then_some(conditions);
        denoiser.predict(
            TensorRef::new(&ones, out.shape())?,
            TensorRef::new(&[0i64], &[1])?,
            condition,
            out,
            ctx,
        )
    }
}
register_sampler!(OneStep, "one-step", "for tests");

fn module() -> PluginModuleRef {
    let RResult::ROk(prefix) = root_module() else {
        panic!("no root module")
    };
    // SAFETY: `root_module` gives exactly this type, type-erased.
    unsafe { PluginModuleRef::from_prefix_ref(prefix.cast()) }
}

fn loss() -> Box<dyn Loss> {
    Box::new(RemoteLoss(
        module().make_loss()("sum".into(), "{}".into()).into_result().unwrap(),
    ))
}

fn evaluate(loss: &mut dyn Loss, cosines: [f32; 2]) -> (Result<f64>, [f32; 2]) {
    let (host, mut grad, mut norm_grad) = (NullHost::default(), [0f32; 2], [0f32; 1]);
    let input = LossInput {
        cosines: TensorRef::new(&cosines, &[1, 2]).unwrap(),
        norms: TensorRef::new(&[1f32], &[1]).unwrap(),
        labels: TensorRef::new(&[0i64], &[1]).unwrap(),
        step: 0,
    };
    let gradient = LossGradient {
        cosines: TensorMut::new(&mut grad, &[1, 2]).unwrap(),
        norms: TensorMut::new(&mut norm_grad, &[1]).unwrap(),
    };
    (loss.evaluate(&input, gradient, &Ctx::new(&host)), grad)
}

#[test]
fn components_are_listed_by_kind_and_name() {
    let list = module().components()().into_result().unwrap();
    let names: Vec<_> = list.iter().map(|c| (c.kind.name(), c.name.as_str())).collect();
    assert_eq!(names, [("sampler", "one-step"), ("loss", "sum")]);
}

#[test]
fn a_call_fills_the_callers_buffers() {
    let (value, grad) = evaluate(&mut *loss(), [0.25, 0.5]);
    assert_eq!((value.unwrap(), grad), (0.75, [2.0, 2.0]));
}

#[test]
fn a_panic_becomes_an_error_and_the_component_lives_on() {
    let mut loss = loss();
    let error = evaluate(&mut *loss, [-1.0, 0.0]).0.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::PANIC, "negative sum"));
    assert_eq!(evaluate(&mut *loss, [1.0, 0.0]).0.unwrap(), 1.0);
}

#[test]
fn a_panic_in_drop_does_not_end_the_process() {
    // 14: the payload of the panic panics in its own Drop.
    for state in [13, 14] {
        let mut loss = loss();
        loss.load_state(&[state]).unwrap();
        drop(loss);
    }
}

#[test]
fn state_crosses_both_ways() {
    let mut loss = loss();
    assert_eq!(loss.save_state().unwrap(), [7]);
    loss.load_state(&[9]).unwrap();
    assert_eq!(loss.save_state().unwrap(), [9]);
}

#[test]
fn a_sampler_drives_a_lent_denoiser_both_through_the_boundary() {
    let host = NullHost::default();
    let object = module().make_sampler()("one-step".into(), "{}".into())
        .into_result()
        .unwrap();
    let mut sampler = RemoteSampler(object);
    let (conditions, mut out) = ([0f32; 2], [0f32; 2]);
    let mut go = |seed: u64, out: &mut [f32; 2]| {
        sampler.sample(
            &mut Triple,
            TensorRef::new(&conditions, &[1, 2]).unwrap(),
            TensorRef::new(&[seed], &[1]).unwrap(),
            TensorMut::new(out, &[1, 1, 1, 2]).unwrap(),
            &Ctx::new(&host),
        )
    };
    go(1, &mut out).unwrap();
    assert_eq!(out, [3.0, 3.0]);
    // The denoiser's panic comes back through two boundaries.
    let error = go(0, &mut out).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::PANIC, "no condition"));
}

#[test]
fn wrong_names_and_parameters_are_errors() {
    let m = module();
    let text = |e: Error| e.to_string();
    assert_eq!(
        m.make_loss()("sun".into(), "{}".into())
            .into_result()
            .map(drop)
            .map_err(text)
            .unwrap_err(),
        "this plugin has no loss `sun`"
    );
    let error = m.make_loss()("sum".into(), r#"{"scale":1}"#.into())
        .into_result()
        .map(drop)
        .map_err(text)
        .unwrap_err();
    assert!(
        error.starts_with("bad parameters {\"scale\":1}: unknown field `scale`"),
        "{error}"
    );
}

#[test]
fn tensors_refuse_wrong_types_and_shapes() {
    let data = [0f32; 6];
    let t = TensorRef::new(&data, &[2, 3]).unwrap();
    assert_eq!(
        t.as_slice::<i64>().unwrap_err().message(),
        "tensor [2, 3] holds f32, expected i64"
    );
    assert!(TensorRef::new(&data, &[4, 2]).is_err());
    assert!(TensorRef::new(&data, &[usize::MAX, 2]).is_err());
    assert_eq!(t.rows(1, 1).unwrap().as_ptr() as usize - t.as_ptr() as usize, 12);
    assert!(t.rows(1, 2).is_err() && t.rows(usize::MAX, 2).is_err());
}
