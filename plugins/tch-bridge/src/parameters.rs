//! Named weights in a fixed order.

use std::collections::HashMap;

use ficta_core::{Error, Result};
use tch::{Device, Kind, Tensor};

use crate::{OrBackend, Saved, TchResult, gradients, placement::placed};

/// A place in [`Parameters`], and in any list of tensors in the same order (gradients, an EMA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterId(usize);

impl ParameterId {
    /// The tensor at this place.
    pub fn of(self, tensors: &[Tensor]) -> &Tensor {
        &tensors[self.0]
    }
}

/// Named tensors in order of creation: trainable ones, and buffers such as running statistics.
///
/// tch's `VarStore` keeps a hash map, whose order differs from run to run; sums over it, such as a gradient norm, would differ too.
#[derive(Default)]
pub struct Parameters {
    names: Vec<String>,
    tensors: Vec<Tensor>,
    trainable: Vec<bool>,
    index: HashMap<String, usize>,
}

impl Parameters {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor that is trained.
    ///
    /// # Errors
    /// A name that is taken; libtorch's.
    pub fn add(&mut self, name: impl Into<String>, tensor: Tensor) -> Result<ParameterId> {
        let tensor = tensor.f_set_requires_grad(true).or_backend("creating a parameter")?;
        self.push(name.into(), tensor, true)
    }

    /// Adds a tensor that is kept and saved but not trained.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn add_buffer(&mut self, name: impl Into<String>, tensor: Tensor) -> Result<ParameterId> {
        self.push(name.into(), tensor, false)
    }

    fn push(&mut self, name: String, tensor: Tensor, trainable: bool) -> Result<ParameterId> {
        let id = self.tensors.len();
        if self.index.insert(name.clone(), id).is_some() {
            return Err(Error::config(format!("two parameters are called `{name}`")));
        }
        self.names.push(name);
        self.tensors.push(tensor);
        self.trainable.push(trainable);
        Ok(ParameterId(id))
    }

    /// Moves all tensors to `device`, or none; those that are there already stay the same.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn move_to(&mut self, device: Device) -> Result<()> {
        let all = self.tensors.iter().zip(&self.trainable);
        let moved = all.map(|(tensor, trainable)| placed(tensor, device)?.f_set_requires_grad(*trainable));
        self.tensors = moved
            .collect::<TchResult<_>>()
            .or_backend("moving weights to another device")?;
        Ok(())
    }

    /// All tensors, in order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }
    /// One tensor.
    pub fn get(&self, id: ParameterId) -> &Tensor {
        &self.tensors[id.0]
    }
    /// The place of a name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        self.index.get(name).map(|i| ParameterId(*i))
    }
    /// All names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// Names and tensors, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(String::as_str).zip(&self.tensors)
    }
    /// The trainable tensors, in order: what an optimiser steps, and the order in which it wants gradients.
    pub fn trainable(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.iter()
            .zip(&self.trainable)
            .filter_map(|(entry, t)| t.then_some(entry))
    }
    /// Number of trainable numbers.
    pub fn count(&self) -> u64 {
        self.trainable().map(|(_, t)| t.numel() as u64).sum()
    }

    /// Gradients of a scalar with respect to the trainable tensors, in their order; zeros where the scalar does not depend on one.
    ///
    /// # Errors
    /// As for [`gradients`].
    pub fn gradients(&self, loss: &Tensor) -> Result<Vec<Tensor>> {
        gradients(loss, &self.trainable().map(|(_, t)| t).collect::<Vec<_>>())
    }

    /// Overwrites all tensors with those saved under `prefix` and their names, and changes nothing unless all are there.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::DATA`]: a missing tensor or one of another shape.
    pub fn restore(&mut self, saved: &Saved, prefix: &str) -> Result<()> {
        let found = self.read_like(saved, prefix)?;
        tch::no_grad(|| {
            self.tensors
                .iter_mut()
                .zip(&found)
                .try_for_each(|(t, new)| t.f_copy_(new))
        })
        .or_backend("taking weights up")
    }

    /// The tensors saved under `prefix` and these names, checked against these shapes, in order.
    ///
    /// # Errors
    /// As for [`Parameters::restore`].
    fn read_like(&self, saved: &Saved, prefix: &str) -> Result<Vec<Tensor>> {
        self.iter()
            .map(|(name, t)| saved.like(&format!("{prefix}{name}"), t))
            .collect()
    }

    /// The tensors as leaves of a graph of their own, convolution filters in `kind`: cast once for many pieces of a batch. Gradients with respect to
    /// the copies are those of the originals.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn as_leaves(&self, kind: Kind) -> Result<Vec<Tensor>> {
        let copies = Self::for_inference(&self.tensors, kind)?;
        let leaves = copies
            .iter()
            .zip(&self.trainable)
            .map(|(t, trainable)| t.f_set_requires_grad(*trainable));
        leaves.collect::<TchResult<_>>().or_backend("preparing weights")
    }

    /// Zeros like the trainable tensors, to sum gradients in.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn zero_gradients(&self) -> Result<Vec<Tensor>> {
        tch::no_grad(|| {
            self.trainable()
                .map(|(_, t)| t.f_detach()?.f_zeros_like())
                .collect::<TchResult<_>>()
        })
        .or_backend("creating gradients")
    }

    /// `tensors` for computing only: convolution filters (four dimensions) as copies in `kind`, the others as they are.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn for_inference(tensors: &[Tensor], kind: Kind) -> Result<Vec<Tensor>> {
        let convert = |t: &Tensor| {
            let t = t.f_detach()?;
            if t.dim() == 4 { t.f_to_kind(kind) } else { Ok(t) }
        };
        tch::no_grad(|| tensors.iter().map(convert).collect::<TchResult<_>>()).or_backend("preparing weights")
    }
}
