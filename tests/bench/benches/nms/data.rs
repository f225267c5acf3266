//! What is selected from: drawn real identities with clusters, and candidates between two of them.
//!
//! Real identities: unit rows of 512 numbers, M = 10,000 in clusters of 20: `sqrt(0.3)` times the cluster's direction plus `sqrt(0.7)`
//! times one of its own, so that cosines are about 0.3 within a cluster and 0 +- 0.044 between clusters. Variances are uniform in
//! [0.12, 0.59], the range that is measured on ORL's faces. A candidate lies on the great circle between two identities drawn at random,
//! at t = sigma_a/(sigma_a + sigma_b) clamped to [0.3, 0.7] as `variance-interpolation` has it, with the variance that this predicts.

use std::{
    fs::File,
    io::{BufWriter, Read, Write},
    path::Path,
};

use ficta_core::{Candidates, Identities, Result, TensorRef, random::Stream};

pub const DIM: usize = 512;
pub const REAL: usize = 10_000;
const CLUSTER: usize = 20;

/// One problem, in memory.
pub struct Scene {
    pub real: Vec<f32>,
    pub real_variance: Vec<f32>,
    pub feature: Vec<f32>,
    pub parents: Vec<i64>,
    pub variance: Vec<f32>,
    count: Vec<i64>,
}

fn unit(mut row: Vec<f32>) -> Vec<f32> {
    let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt() as f32;
    row.iter_mut().for_each(|x| *x /= norm);
    row
}

fn direction(purpose: &str, i: usize) -> Vec<f32> {
    let mut row = vec![0f32; DIM];
    Stream::new(1, purpose, i as u64, 0).fill_normal(&mut row);
    unit(row)
}

/// Draws `count` candidates and writes everything to `folder`.
pub fn draw(folder: &Path, count: usize) -> std::io::Result<()> {
    let real: Vec<Vec<f32>> = (0..REAL)
        .map(|i| {
            let (shared, own) = (direction("bench cluster", i / CLUSTER), direction("bench identity", i));
            unit(
                shared
                    .iter()
                    .zip(&own)
                    .map(|(s, o)| 0.3f32.sqrt() * s + 0.7f32.sqrt() * o)
                    .collect(),
            )
        })
        .collect();
    let spread: Vec<f32> = (0..REAL)
        .map(|i| 0.12 + 0.47 * Stream::new(1, "bench spread", i as u64, 0).uniform() as f32)
        .collect();
    write(&folder.join("real.f32"), real.iter().flatten().map(|x| x.to_le_bytes()))?;
    write(
        &folder.join("real-variance.f32"),
        spread.iter().map(|x| x.to_le_bytes()),
    )?;
    let (mut parents, mut variance) = (Vec::new(), Vec::new());
    let mut features = BufWriter::with_capacity(1 << 20, File::create(folder.join("candidates.f32"))?);
    for i in 0..count {
        let mut stream = Stream::new(1, "bench candidate", i as u64, 0);
        let a = stream.below(REAL as u64) as usize;
        let b = (a + 1 + stream.below(REAL as u64 - 1) as usize) % REAL;
        let (sa, sb) = (f64::from(spread[a]).sqrt(), f64::from(spread[b]).sqrt());
        let t = (sa / (sa + sb)).clamp(0.3, 0.7);
        let cosine: f64 = real[a]
            .iter()
            .zip(&real[b])
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum();
        let angle = cosine.acos();
        let (x, y) = (((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin());
        for (p, q) in real[a].iter().zip(&real[b]) {
            features.write_all(&((x * f64::from(*p) + y * f64::from(*q)) as f32).to_le_bytes())?;
        }
        parents.extend([a as i64, b as i64]);
        variance.push(((1.0 - t) * f64::from(spread[a]) + t * f64::from(spread[b])) as f32);
    }
    features.flush()?;
    write(&folder.join("parents.i64"), parents.iter().map(|p| p.to_le_bytes()))?;
    write(&folder.join("variance.f32"), variance.iter().map(|v| v.to_le_bytes()))
}

/// The order by variance of the first `count` candidates, for those that cannot sort it out themselves.
pub fn write_order(folder: &Path, count: usize) -> std::io::Result<()> {
    let variance = read_f32(&folder.join("variance.f32"), count)?;
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by(|a, b| variance[*b as usize].total_cmp(&variance[*a as usize]));
    write(
        &folder.join(format!("order-{count}.u32")),
        order.iter().map(|i| i.to_le_bytes()),
    )
}

fn write<const N: usize>(path: &Path, items: impl Iterator<Item = [u8; N]>) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    items.into_iter().try_for_each(|item| out.write_all(&item))?;
    out.flush()
}

/// The first `count` numbers, without a second copy of the file.
fn read_f32(path: &Path, count: usize) -> std::io::Result<Vec<f32>> {
    read(path, count, f32::from_le_bytes)
}

fn read<const N: usize, T>(path: &Path, count: usize, of: impl Fn([u8; N]) -> T) -> std::io::Result<Vec<T>> {
    let (mut file, mut out) = (File::open(path)?, Vec::with_capacity(count));
    let mut buffer = [[0u8; N]; 1 << 12];
    while out.len() < count {
        let some = buffer.len().min(count - out.len());
        file.read_exact(buffer[..some].as_flattened_mut())?;
        out.extend(buffer[..some].iter().map(|bytes| of(*bytes)));
    }
    Ok(out)
}

impl Scene {
    /// The first `count` candidates of `folder`.
    pub fn read(folder: &Path, count: usize) -> std::io::Result<Self> {
        Ok(Self {
            real: read_f32(&folder.join("real.f32"), REAL * DIM)?,
            real_variance: read_f32(&folder.join("real-variance.f32"), REAL)?,
            feature: read_f32(&folder.join("candidates.f32"), count * DIM)?,
            parents: read(&folder.join("parents.i64"), 2 * count, i64::from_le_bytes)?,
            variance: read_f32(&folder.join("variance.f32"), count)?,
            count: vec![10; REAL],
        })
    }

    pub fn len(&self) -> usize {
        self.variance.len()
    }

    pub fn candidates(&self, with_parents: bool) -> Result<Candidates<'_>> {
        let k = self.len();
        let parents = TensorRef::new(&self.parents, &[k, 2])?;
        Ok(Candidates {
            feature: TensorRef::new(&self.feature, &[k, DIM])?,
            parents: with_parents.then_some(parents).into(),
            variance: Some(TensorRef::new(&self.variance, &[k])?).into(),
        })
    }

    pub fn identities(&self) -> Result<Identities<'_>> {
        Ok(Identities {
            mean: TensorRef::new(&self.real, &[REAL, DIM])?,
            variance: TensorRef::new(&self.real_variance, &[REAL])?,
            variance_per_dim: None.into(),
            count: TensorRef::new(&self.count, &[REAL])?,
        })
    }
}
