//! safetensors files, read and written by the format's own crate.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Entry {
    pub fn f32(&self) -> Vec<f32> {
        assert_eq!(self.dtype, Dtype::F32);
        self.bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().expect("4 bytes")))
            .collect()
    }
    pub fn f64(&self) -> Vec<f64> {
        assert_eq!(self.dtype, Dtype::F64);
        self.bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes")))
            .collect()
    }
    pub fn i64(&self) -> Vec<i64> {
        assert_eq!(self.dtype, Dtype::I64);
        self.bytes
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes(b.try_into().expect("8 bytes")))
            .collect()
    }
}

/// A file's tensors and the text beside them.
pub struct TensorFile {
    pub tensors: BTreeMap<String, Entry>,
    pub metadata: HashMap<String, String>,
}

impl TensorFile {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
        let entry = |v: TensorView<'_>| Entry {
            dtype: v.dtype(),
            shape: v.shape().to_vec(),
            bytes: v.data().to_vec(),
        };
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(name, view)| (name, entry(view)))
            .collect();
        Self {
            tensors,
            metadata: header.metadata().clone().unwrap_or_default(),
        }
    }

    pub fn write(&self, path: &Path) {
        let views = self.tensors.iter().map(|(name, e)| {
            (
                name,
                TensorView::new(e.dtype, e.shape.clone(), &e.bytes).expect("bytes that fit the shape"),
            )
        });
        let metadata = (!self.metadata.is_empty()).then(|| self.metadata.clone());
        let bytes = safetensors::serialize(views, metadata).expect("serialisable tensors");
        std::fs::write(path, bytes).expect("a writable folder");
    }
}
