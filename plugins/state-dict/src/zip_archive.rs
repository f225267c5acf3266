//! `torch.save` since PyTorch 1.6: a zip archive of a pickle and one file a storage.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};
use std::rc::Rc;

use ficta_core::{Error, ErrorKind, Result};
use zip::ZipArchive;

use super::{Stored, pickle, tensors::tensors};

/// The tensors of the state dict that the archive holds.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Stored>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| {
        Error::wrap(ErrorKind::DATA, "no whole zip archive", &e).help("the file was cut short; fetch or write it again")
    })?;
    let pickles: Vec<String> = archive
        .file_names()
        .filter_map(|name| {
            let name = name.ok()?.into_owned();
            (name == "data.pkl" || name.ends_with("/data.pkl")).then_some(name)
        })
        .collect();
    let [name] = pickles.as_slice() else {
        return Err(
            Error::data(format!("{} files `data.pkl` in the archive, expected 1", pickles.len()))
                .help("`weights` is what torch.save(network.state_dict(), path) writes"),
        );
    };
    let folder = name.trim_end_matches("data.pkl").to_owned();
    let big = entry(&mut archive, &format!("{folder}byteorder"), bytes.len()).is_ok_and(|order| order == b"big");
    if big {
        return Err(
            Error::unsupported("weights in big-endian order").help("write them again on a little-endian machine")
        );
    }
    let text = entry(&mut archive, name, bytes.len())?;
    let (state, _) = pickle::read(&text)?;
    let mut storages: HashMap<Rc<str>, Vec<u8>> = HashMap::new();
    tensors(&state, |view| {
        let storage = match storages.entry(Rc::clone(&view.storage)) {
            std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(entry(
                &mut archive,
                &format!("{folder}data/{}", view.storage),
                bytes.len(),
            )?),
        };
        view.read(storage)
    })
}

/// The content of an entry. PyTorch compresses nothing, so none is larger than the file.
fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str, most: usize) -> Result<Vec<u8>> {
    let cannot = |e: &(dyn std::error::Error + 'static)| {
        Error::wrap(ErrorKind::DATA, format!("cannot read `{name}` of the archive"), e)
            .help("the file was cut short; fetch or write it again")
    };
    let file = archive.by_name(name).map_err(|e| cannot(&e))?;
    let mut content = Vec::new();
    file.take(most as u64)
        .read_to_end(&mut content)
        .map_err(|e| cannot(&e))?;
    Ok(content)
}
