//! The shortest sampler that does: DDIM (Song et al. 2021), eta 0, with classifier-free guidance, for a v-predicting denoiser.

use ficta_core::{Ctx, Denoiser, Result, TensorMut, TensorRef, random::Stream};

/// One image in [-1,1] for each condition.
pub fn sample(
    denoiser: &mut dyn Denoiser,
    conditions: &[f32],
    dim: usize,
    steps: usize,
    guidance: f64,
    seed: u64,
    ctx: &Ctx<'_>,
) -> Result<Vec<f32>> {
    let info = denoiser.info();
    let count = conditions.len() / dim;
    let shape = [count, info.channels, info.height, info.width];
    let pixels = info.channels * info.height * info.width;
    let mut x = vec![0f32; count * pixels];
    for (i, row) in x.chunks_mut(pixels).enumerate() {
        Stream::new(seed, "sample", i as u64, 0).fill_normal(row);
    }
    let last = info.alpha_bar.len() - 1;
    let times: Vec<usize> = (0..steps).map(|i| last - i * last / steps).collect();
    let condition = TensorRef::new(conditions, &[count, dim])?;
    let (mut v, mut free) = (vec![0f32; x.len()], vec![0f32; x.len()]);
    for (i, t) in times.iter().enumerate() {
        let t_all = vec![*t as i64; count];
        let t_all = TensorRef::new(&t_all, &[count])?;
        denoiser.predict(
            TensorRef::new(&x, &shape)?,
            t_all,
            Some(condition),
            TensorMut::new(&mut v, &shape)?,
            ctx,
        )?;
        if guidance != 1.0 {
            denoiser.predict(
                TensorRef::new(&x, &shape)?,
                t_all,
                None,
                TensorMut::new(&mut free, &shape)?,
                ctx,
            )?;
            v.iter_mut()
                .zip(&free)
                .for_each(|(v, free)| *v = free + guidance as f32 * (*v - free));
        }
        let now = info.alpha_bar[*t];
        let next = times.get(i + 1).map_or(1.0, |t| info.alpha_bar[*t]);
        for (x, v) in x.iter_mut().zip(&v) {
            let (xt, v) = (f64::from(*x), f64::from(*v));
            let clean = (now.sqrt() * xt - (1.0 - now).sqrt() * v).clamp(-1.0, 1.0);
            // The noise that goes with the clipped image.
            let noise = (xt - now.sqrt() * clean) / (1.0 - now).sqrt();
            *x = (next.sqrt() * clean + (1.0 - next).sqrt() * noise) as f32;
        }
    }
    Ok(x)
}
