//! `torch.save` before PyTorch 1.6: three pickles (magic number, version, machine), the state dict's pickle, a pickle with the names of
//! the storages, and each storage as a count and its elements.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use ficta_core::{Error, Result};

use super::{
    Stored,
    pickle::{self, Pickled, Value},
    storage::Element,
    tensors::tensors,
};

/// The first pickle, whole: protocol 2, `0x1950a86a20f9469cfc6c`, end.
const MAGIC: [u8; 15] = [
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.',
];

/// Whether a file begins like one.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The tensors of the state dict that the file holds.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Stored>> {
    let mut rest = &bytes[MAGIC.len()..];
    let mut next = |what: &str| -> Result<Pickled> {
        let (value, end) = pickle::read(rest).map_err(|e| e.context(what))?;
        rest = &rest[end..];
        Ok(value)
    };
    next("version")?;
    next("machine")?;
    let state = next("state dict")?;
    let names = next("names of the storages")?;
    // A count tells nothing without the size of an element, and that stands with the tensors.
    let mut elements: HashMap<Rc<str>, Element> = HashMap::new();
    tensors(&state, bytes.len(), |view| {
        elements.insert(Rc::clone(&view.storage), view.element);
        Ok(Stored {
            shape: Vec::new(),
            values: Vec::new(),
        })
    })?;
    let listed = names.list(&names.root);
    let listed = listed.ok_or_else(|| Error::data("the names of the storages are no list"))?;
    let mut storages: HashMap<&str, &[u8]> = HashMap::new();
    for name in listed {
        let Value::Text(name) = name else {
            return Err(Error::data("the name of a storage is no text"));
        };
        let element = *elements.get(&**name).ok_or_else(|| {
            Error::unsupported(format!("storage `{name}` belongs to no tensor of the state dict"))
                .help("save the weights alone: torch.save(network.state_dict(), path)")
        })?;
        let cut = || {
            Error::data(format!("the file ends within storage `{name}`"))
                .help("it was cut short; fetch or write it again")
        };
        let (count, behind) = rest.split_first_chunk().ok_or_else(cut)?;
        let count = usize::try_from(i64::from_le_bytes(*count)).map_err(|_| cut())?;
        let length = count.checked_mul(element.size()).ok_or_else(cut)?;
        let (own, behind) = behind.split_at_checked(length).ok_or_else(cut)?;
        storages.insert(name, own);
        rest = behind;
    }
    tensors(&state, bytes.len(), |view| {
        let storage = storages.get(&*view.storage);
        view.read(storage.ok_or_else(|| Error::data(format!("storage `{}` is not in the file", view.storage)))?)
    })
}
