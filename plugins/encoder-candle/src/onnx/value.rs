//! What flows between the operators of a graph.

use candle_core::{Device, Result, Tensor, bail};
use ficta_state_dict::Element;

use super::proto;

/// A tensor, logically in ONNX's order of dimensions.
#[derive(Clone, Debug)]
pub enum Value {
    /// f32.
    Plain(Tensor),
    /// f32 `[N,C,H,W]`, in memory `[N,H,W,C]`, as the convolutions want it.
    Maps(Tensor),
    /// Integers and booleans: shapes, axes, indices.
    Ints(Vec<usize>, Vec<i64>),
}

impl Value {
    /// In ONNX's order.
    pub fn plain(&self) -> Result<Tensor> {
        match self {
            Self::Plain(tensor) => Ok(tensor.clone()),
            Self::Maps(maps) => maps.permute((0, 3, 1, 2))?.contiguous(),
            Self::Ints(shape, values) => {
                let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
                Tensor::from_vec(values, shape.as_slice(), &Device::Cpu)
            }
        }
    }

    /// With channels last; other ranks than 4 have no such form.
    pub fn maps(&self) -> Result<Tensor> {
        match self {
            Self::Maps(maps) => Ok(maps.clone()),
            other => {
                let tensor = other.plain()?;
                if tensor.rank() != 4 {
                    bail!("a value of shape {:?}, expected [N,C,H,W]", tensor.shape())
                }
                tensor.permute((0, 2, 3, 1))?.contiguous()
            }
        }
    }

    /// Integers, one after the other.
    pub fn ints(&self) -> Result<Vec<i64>> {
        match self {
            Self::Ints(_, values) => Ok(values.clone()),
            other => Ok(other
                .plain()?
                .flatten_all()?
                .to_vec1::<f32>()?
                .into_iter()
                .map(|v| v as i64)
                .collect()),
        }
    }

    /// Extents in ONNX's order.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Plain(tensor) => tensor.dims().to_vec(),
            Self::Maps(maps) => {
                let d = maps.dims();
                vec![d[0], d[3], d[1], d[2]]
            }
            Self::Ints(shape, _) => shape.clone(),
        }
    }

    /// A tensor of the file.
    pub fn of_file(tensor: &proto::Tensor) -> Result<Self> {
        let shape: Vec<usize> = match tensor.dims.iter().map(|d| usize::try_from(*d)).collect() {
            Ok(shape) => shape,
            Err(_) => bail!("tensor `{}` has dimensions {:?}", tensor.name, tensor.dims),
        };
        if tensor.data_location != 0 {
            bail!(
                "the data of tensor `{}` lies in another file: save the model as one file",
                tensor.name
            )
        }
        let raw = |element: Element| element.decode(&tensor.raw_data);
        let is_raw = !tensor.raw_data.is_empty();
        let halves = || {
            tensor
                .int32_data
                .iter()
                .flat_map(|v| (*v as u16).to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let floats = match tensor.data_type {
            1 if is_raw => Some(raw(Element::F32)),
            1 => Some(tensor.float_data.clone()),
            11 if is_raw => Some(raw(Element::F64)),
            11 => Some(tensor.double_data.iter().map(|v| *v as f32).collect()),
            10 if is_raw => Some(raw(Element::F16)),
            10 => Some(Element::F16.decode(&halves())),
            16 if is_raw => Some(raw(Element::Bf16)),
            16 => Some(Element::Bf16.decode(&halves())),
            _ => None,
        };
        let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        let expect = |found: usize| match count == Some(found) {
            true => Ok(()),
            false => bail!("tensor `{}` of shape {shape:?} holds {found} elements", tensor.name),
        };
        if let Some(values) = floats {
            expect(values.len())?;
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                bail!("element {at} of tensor `{}` is {}", tensor.name, values[at])
            }
            return Ok(Self::Plain(Tensor::from_vec(values, shape.as_slice(), &Device::Cpu)?));
        }
        let values: Vec<i64> = match tensor.data_type {
            7 if is_raw => tensor
                .raw_data
                .as_chunks()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b))
                .collect(),
            7 => tensor.int64_data.clone(),
            6 if is_raw => tensor
                .raw_data
                .as_chunks()
                .0
                .iter()
                .map(|b| i32::from_le_bytes(*b).into())
                .collect(),
            2 | 9 if is_raw => tensor.raw_data.iter().map(|b| i64::from(*b)).collect(),
            2 | 6 | 9 => tensor.int32_data.iter().map(|v| i64::from(*v)).collect(),
            other => bail!("tensor `{}` is of ONNX type {other}, which cannot be read", tensor.name),
        };
        expect(values.len())?;
        Ok(Self::Ints(shape, values))
    }
}
