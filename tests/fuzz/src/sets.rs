//! Sets of images and of pairs.

use std::{panic, path::Path, sync::Once};

use ficta::{
    data::{
        ImageSource, People, pack as packs,
        source::{Format, open_as},
    },
    evaluation::VerificationSet,
    features::FeatureTable,
    storage::Table,
};

use crate::files::Scratch;

/// Images of a set that are looked at.
const LOOKED_AT: usize = 64;

/// A sound set in InsightFace's style, for the lists beside it.
const REC: &[u8] = include_bytes!("../../../host/tests/fixtures/sets/insightface/train.rec");
const IDX: &[u8] = include_bytes!("../../../host/tests/fixtures/sets/insightface/train.idx");
/// One without labels of its own, so that a list has them.
const UNLABELLED_REC: &[u8] = include_bytes!("../../../host/tests/fixtures/sets/dcface/train.rec");
const UNLABELLED_IDX: &[u8] = include_bytes!("../../../host/tests/fixtures/sets/dcface/train.idx");

/// Opens a set and asks it for everything that it can say.
fn use_set(path: &Path, format: Format) {
    let Ok(source) = open_as(path, format) else { return };
    let source: &dyn ImageSource = &*source;
    let _ = (source.notes(), source.damage());
    for index in 0..source.len().min(LOOKED_AT) {
        let label = source.label(index);
        let bytes = source.bytes(index);
        assert!(label >= 0 || bytes.is_err(), "an image without label must say why");
        let _ = (source.name(index), source.file_name(index), source.identity_name(label));
        let _ = (source.landmarks(index), source.partition(index));
    }
    if let Ok(people) = People::of_readable(source) {
        let images: usize = (0..people.len()).map(|p| people.images(p).len()).sum();
        assert!(images <= source.len());
    }
    let _ = People::of(source);
}

fn one_file(target: &str, name: &str, data: &[u8], format: Format) {
    let scratch = Scratch::new(target);
    use_set(&scratch.write(name, data), format);
}

/// A `.rec` without `.idx`.
pub fn recordio(data: &[u8]) {
    one_file("recordio", "train.rec", data, Format::RecordIo);
}

/// What lies beside a sound `.rec`. The first byte says which: `i`dx, `p`roperty, `l`st, `t`sv; `d`: DCFace's list.txt, the records
/// having no labels.
pub fn recordio_lists(data: &[u8]) {
    let Some((which, list)) = data.split_first() else {
        return;
    };
    let (rec, idx, name) = match which {
        b'i' => (REC, None, "train.idx"),
        b'p' => (REC, Some(IDX), "property"),
        b'l' => (REC, Some(IDX), "train.lst"),
        b't' => (UNLABELLED_REC, Some(UNLABELLED_IDX), "train.tsv"),
        b'd' => (UNLABELLED_REC, Some(UNLABELLED_IDX), "list.txt"),
        _ => return,
    };
    let scratch = Scratch::new("recordio_lists");
    let path = scratch.write("train.rec", rec);
    if let Some(idx) = idx {
        scratch.write("train.idx", idx);
    }
    scratch.write(name, list);
    use_set(&path, Format::RecordIo);
}

/// A tar shard.
pub fn webdataset(data: &[u8]) {
    one_file("webdataset", "a.tar", data, Format::WebDataset);
}

/// A zip of folders.
pub fn zip(data: &[u8]) {
    one_file("zip", "a.zip", data, Format::Zip);
}

/// A Parquet file, as images, as features and as a table of a run. The reader turns panics of the `parquet` crate into errors, so
/// that they must not end the process here.
pub fn parquet(data: &[u8]) {
    static QUIET: Once = Once::new();
    // What gets out of the reader ends the process still: libFuzzer's entry point aborts there.
    QUIET.call_once(|| panic::set_hook(Box::new(|_| ())));
    let scratch = Scratch::new("parquet");
    let path = scratch.write("a.parquet", data);
    use_set(&path, Format::Parquet);
    let _ = (FeatureTable::read(&path), Table::read_parquet(&path));
}

/// CelebA's lists. The first byte says which: `i`dentities, `l`andmarks, `p`artitions.
pub fn celeba_lists(data: &[u8]) {
    let Some((which, list)) = data.split_first() else {
        return;
    };
    let name = match which {
        b'i' => "identity_CelebA.txt",
        b'l' => "list_landmarks_align_celeba.txt",
        b'p' => "list_eval_partition.txt",
        _ => return,
    };
    let scratch = Scratch::new("celeba_lists");
    scratch.write("identity_CelebA.txt", b"000001.jpg 2880\n000002.jpg 2937\n");
    scratch.write("img_align_celeba/000001.jpg", b"x");
    scratch.write(name, list);
    use_set(scratch.folder(), Format::CelebA);
}

/// A verification pack: Python 2's and 3's pickles.
pub fn pack(data: &[u8]) {
    if let Ok((images, same)) = packs::parse(data) {
        assert_eq!(images.len(), 2 * same.len());
    }
}

/// LFW's `pairs.txt`.
pub fn pairs_txt(data: &[u8]) {
    let scratch = Scratch::new("pairs_txt");
    for (person, image) in [("Ada", 1), ("Ada", 2), ("Bo", 1)] {
        scratch.write(&format!("{person}/{person}_{image:04}.jpg"), b"x");
    }
    use_pairs(&scratch.write("pairs.txt", data));
}

/// A CSV of pairs.
pub fn pairs_csv(data: &[u8]) {
    let scratch = Scratch::new("pairs_csv");
    use_pairs(&scratch.write("pairs.csv", data));
}

fn use_pairs(path: &Path) {
    if let Ok(set) = VerificationSet::open(path, None, 2) {
        assert_eq!(set.pairs.len(), set.same.len());
        assert!(set.fold.len() == set.pairs.len() && set.fold.iter().all(|fold| *fold < set.folds));
        assert!(set.pairs.iter().flatten().all(|image| *image < set.images.len()));
    }
}
