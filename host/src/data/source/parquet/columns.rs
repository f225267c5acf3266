//! Which columns of a Parquet file hold images, labels and paths.

use parquet::{basic::Type as Physical, schema::types::SchemaDescriptor};

/// Places of the columns among a file's leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Encoded images.
    pub image: usize,
    /// Labels.
    pub label: usize,
    /// File names, where there are any.
    pub path: Option<usize>,
}

const IMAGE: [&str; 5] = ["image.bytes", "img.bytes", "face.bytes", "jpg.bytes", "png.bytes"];
const FLAT_IMAGE: [&str; 6] = ["image", "img", "image_bytes", "bytes", "jpg", "png"];
const LABEL: [&str; 8] = [
    "label",
    "labels",
    "identity",
    "identity_id",
    "id",
    "person",
    "class",
    "cls",
];

/// Finds the columns by name and type.
///
/// # Errors
/// What is missing or cannot be read, in words.
pub fn find(schema: &SchemaDescriptor) -> Result<Columns, String> {
    let names: Vec<String> = schema.columns().iter().map(|c| c.path().string()).collect();
    let listed = || names.join(", ");
    let of = |wanted: &[&str], fits: &dyn Fn(Physical) -> bool| {
        wanted.iter().find_map(|name| {
            let at = names.iter().position(|n| n == name)?;
            fits(schema.column(at).physical_type()).then_some(at)
        })
    };
    let binary = |physical| physical == Physical::BYTE_ARRAY;
    let any_struct =
        || (0..names.len()).find(|at| names[*at].ends_with(".bytes") && binary(schema.column(*at).physical_type()));
    let image = of(&IMAGE, &binary)
        .or_else(|| of(&FLAT_IMAGE, &binary))
        .or_else(any_struct)
        .ok_or_else(|| format!("no column of encoded images (`image` with `bytes`) among {}", listed()))?;
    let labelled = |physical| matches!(physical, Physical::INT64 | Physical::INT32 | Physical::BYTE_ARRAY);
    let label = of(&LABEL, &labelled)
        .filter(|at| *at != image)
        .ok_or_else(|| format!("no column of labels (`label`) among {}", listed()))?;
    let beside = names[image].strip_suffix(".bytes").map(|stem| format!("{stem}.path"));
    let path = beside.and_then(|name| of(&[&name], &binary));
    for at in [Some(image), Some(label), path].into_iter().flatten() {
        if schema.column(at).max_rep_level() > 0 {
            return Err(format!("column `{}` is a list, expected one value a row", names[at]));
        }
    }
    Ok(Columns { image, label, path })
}
