//! `torch.save` since PyTorch 1.6: a zip archive of a pickle and one file a storage.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};
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
    let mut left = bytes.len();
    tensors(&state, bytes.len(), |view| {
        let storage = match storages.entry(Rc::clone(&view.storage)) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let content = entry(&mut archive, &format!("{folder}data/{}", view.storage), left)?;
                left -= content.len();
                place.insert(content)
            }
        };
        view.read(storage)
    })
}

/// The content of an entry. PyTorch compresses nothing, so all entries together are no larger than the file; `left` is what they may still hold.
fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str, left: usize) -> Result<Vec<u8>> {
    let cannot = |e: &(dyn std::error::Error + 'static)| {
        Error::wrap(ErrorKind::DATA, format!("cannot read `{name}` of the archive"), e)
            .help("the file was cut short; fetch or write it again")
    };
    let file = archive.by_name(name).map_err(|e| cannot(&e))?;
    if file.size() > left as u64 {
        return Err(Error::data(format!(
            "`{name}` of the archive says that it has {} bytes, where the file has {left} left",
            file.size()
        ))
        .help("torch.save lays each storage down once, as it is; fetch or write the file again"));
    }
    let mut content = Vec::new();
    file.take(left as u64)
        .read_to_end(&mut content)
        .map_err(|e| cannot(&e))?;
    Ok(content)
}
