//! Members of a tar archive, without unpacking any.

use std::io::Cursor;

use tar::{Archive, EntryType, Header, PaxExtensions};

/// Longest name and longest pax header that are accepted, in bytes.
const LONGEST_NAME: u64 = 1 << 20;

/// Bytes of a header.
pub const BLOCK: u64 = 512;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path.
    pub name: Vec<u8>,
    /// Whether the path stands in the header just before the content, and not in an extension.
    pub plain_name: bool,
    /// Where its content begins.
    pub offset: u64,
    /// Bytes of content that it says to have; there may be fewer.
    pub size: u64,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Links, devices and other members that are neither files nor folders.
    pub special: usize,
    /// Where and why the search ended early.
    pub damage: Option<(u64, String)>,
}

/// Calls `each` for every file in an archive, in order. Damage ends the search and is given back.
///
/// # Errors
/// What `each` returns.
pub fn each<E>(archive: &[u8], mut each: impl FnMut(Member) -> Result<(), E>) -> Result<Found, E> {
    let mut found = Found::default();
    let mut reader = Archive::new(Cursor::new(archive));
    let entries = match reader.entries_with_seek() {
        Ok(entries) => entries.raw(true),
        Err(e) => {
            found.damage = Some((0, e.to_string()));
            return Ok(found);
        }
    };
    let mut at = 0;
    let mut long_name: Option<Vec<u8>> = None;
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                found.damage = Some((at, e.to_string()));
                return Ok(found);
            }
        };
        let (offset, size) = (entry.raw_file_position(), entry.size());
        let content = |longest: u64| {
            let content = usize::try_from(offset).ok().and_then(|at| archive.get(at..))?;
            content.get(..usize::try_from(size.min(longest)).ok()?)
        };
        at = offset.saturating_add(size);
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let plain_name = long_name.is_none();
                each(Member {
                    name: long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned()),
                    plain_name,
                    offset,
                    size,
                })?;
            }
            kind @ (EntryType::GNULongName | EntryType::XHeader) => {
                let Some(content) = content(LONGEST_NAME).filter(|_| size <= LONGEST_NAME) else {
                    found.damage = Some((
                        offset,
                        format!("a name of {size} bytes, expected at most {LONGEST_NAME}"),
                    ));
                    return Ok(found);
                };
                if kind == EntryType::GNULongName {
                    long_name = Some(content.strip_suffix(b"\0").unwrap_or(content).to_vec());
                } else {
                    for extension in PaxExtensions::new(content).flatten() {
                        match extension.key_bytes() {
                            b"path" => long_name = Some(extension.value_bytes().to_vec()),
                            b"size" => {
                                let what = "a member of 8 GiB or more, which no image is";
                                found.damage = Some((offset, what.into()));
                                return Ok(found);
                            }
                            _ => {}
                        }
                    }
                }
                continue;
            }
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            _ => found.special += 1,
        }
        if entry.header().entry_type() != EntryType::GNULongLink {
            long_name = None;
        }
    }
    if at > archive.len() as u64 {
        let what = format!(
            "the archive ends inside a member, {} bytes early",
            at - archive.len() as u64
        );
        found.damage = Some((archive.len() as u64, what));
    }
    Ok(found)
}

/// The name in the header that stands before the content at `offset`.
pub fn plain_name(archive: &[u8], offset: u64) -> Option<Vec<u8>> {
    let at = usize::try_from(offset.checked_sub(BLOCK)?).ok()?;
    let block = archive.get(at..at.checked_add(BLOCK as usize)?)?;
    Some(Header::from_byte_slice(block).path_bytes().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in members {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn all(bytes: &[u8]) -> (Vec<Member>, Found) {
        let mut members = Vec::new();
        let found = each(bytes, |member| {
            members.push(member);
            Ok::<_, ()>(())
        });
        (members, found.unwrap())
    }

    #[test]
    fn members_have_name_and_place() {
        let long = format!("{}/1.jpg", "x".repeat(150));
        let bytes = archive(&[("a/1.jpg", b"one"), (&long, b"two")]);
        let (members, found) = all(&bytes);
        assert!(found.damage.is_none());
        let [one, two] = &members[..] else {
            panic!("{members:?}")
        };
        assert_eq!((&one.name[..], one.plain_name), (&b"a/1.jpg"[..], true));
        assert_eq!(&bytes[one.offset as usize..][..3], b"one");
        assert_eq!((&two.name[..], two.plain_name), (long.as_bytes(), false));
        assert_eq!(plain_name(&bytes, one.offset).unwrap(), b"a/1.jpg");
    }

    #[test]
    fn damage_is_found() {
        let bytes = archive(&[("a/1.jpg", &[7; 600]), ("a/2.jpg", b"two")]);
        let (members, found) = all(&bytes[..700]);
        assert_eq!((members.len(), found.damage.unwrap().0), (1, 700));
        let mut wrong = bytes.clone();
        wrong[512 + 1024 + 148] ^= 1;
        let (members, found) = all(&wrong);
        assert_eq!(members.len(), 1);
        let (at, why) = found.damage.unwrap();
        assert!(
            at >= 1112 && why.contains("cksum") || why.contains("checksum"),
            "{at} {why}"
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_and_mutated_archives_never_panic(
            noise in proptest::collection::vec(proptest::num::u8::ANY, 0..2000), at in 0usize..4000, byte: u8, cut in 0usize..4000,
        ) {
            all(&noise);
            let mut bytes = archive(&[("a/1.jpg", b"one"), (&"x".repeat(150), b"two")]);
            let at = at % bytes.len();
            bytes[at] = byte;
            all(&bytes);
            all(&bytes[..cut % bytes.len()]);
            let _ = plain_name(&bytes, at as u64);
        }
    }
}
