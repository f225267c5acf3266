//! The layouts that a set of labelled images comes in.

use std::fmt;

/// A layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `person/image.ext`.
    Folder,
    /// `identity_CelebA.txt` and `img_align_celeba/`.
    #[value(name = "celeba")]
    CelebA,
    /// The ORL faces: `s1/1.pgm` to `s40/10.pgm`.
    Orl,
    /// MXNet's `.rec` with `.idx`, as InsightFace and im2rec write it.
    #[value(name = "recordio")]
    RecordIo,
    /// Tar shards with images and labels of equal key.
    #[value(name = "webdataset")]
    WebDataset,
    /// A zip archive of `person/image.ext`.
    Zip,
    /// Parquet with a column of encoded images, as Hugging Face's `datasets` writes it.
    Parquet,
    /// Images that a run has generated: `RUN/generate/SET`.
    Generated,
}

impl Format {
    /// The name that commands take.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::CelebA => "celeba",
            Self::Orl => "orl",
            Self::RecordIo => "recordio",
            Self::WebDataset => "webdataset",
            Self::Zip => "zip",
            Self::Parquet => "parquet",
            Self::Generated => "generated",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
