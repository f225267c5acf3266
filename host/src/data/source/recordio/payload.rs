//! What MXNet puts before an image in a record: `u32 flag, f32 label, u64 id, u64 id2`, then `flag` labels (f32) where flag is above 0.

/// Bytes before the labels.
pub const HEAD: usize = 24;

/// A record's payload in its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payload<'a> {
    /// How many labels follow the head; 0 where the head's one counts.
    pub flag: u32,
    /// The first label.
    pub label: f32,
    /// The second label, where there is one.
    pub second: Option<f32>,
    /// Where the image begins.
    pub body_at: usize,
    /// The encoded image, or nothing.
    pub body: &'a [u8],
}

fn float(data: &[u8], at: usize) -> Option<f32> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    Some(f32::from_le_bytes(bytes.try_into().ok()?))
}

/// Takes a payload apart.
///
/// # Errors
/// Too few bytes, in words.
pub fn parse(data: &[u8]) -> Result<Payload<'_>, String> {
    let (Some(flag), Some(label)) = (data.first_chunk().map(|b| u32::from_le_bytes(*b)), float(data, 4)) else {
        return Err(short(data));
    };
    if data.len() < HEAD {
        return Err(short(data));
    }
    let labels = flag as u64 * 4;
    let left = (data.len() - HEAD) as u64;
    if labels > left {
        return Err(format!(
            "the record says that it has {flag} labels ({labels} bytes), but {left} bytes are left"
        ));
    }
    let body_at = HEAD + labels as usize;
    Ok(Payload {
        flag,
        label: if flag > 0 {
            float(data, HEAD).unwrap_or(label)
        } else {
            label
        },
        second: if flag > 1 { float(data, HEAD + 4) } else { None },
        body_at,
        body: &data[body_at..],
    })
}

fn short(data: &[u8]) -> String {
    format!("expected the {HEAD} bytes of MXNet's image header, got {}", data.len())
}

/// The label as a whole number of 0 or above, as `int(label)` gives it; none for NaN, infinities and negative ones.
pub fn whole(label: f32) -> Option<i64> {
    (0.0..9.0e18).contains(&label).then_some(label as i64)
}

/// A head with one label.
pub fn head(label: f32, id: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[4..8].copy_from_slice(&label.to_le_bytes());
    head[8..16].copy_from_slice(&id.to_le_bytes());
    head
}

/// A head with two labels behind it, as InsightFace's index records have.
pub fn pair_head(labels: [f32; 2], id: u64) -> Vec<u8> {
    let mut head = head(0.0, id).to_vec();
    head[0] = 2;
    head.extend(labels.iter().flat_map(|l| l.to_le_bytes()));
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_back() {
        let one = [&head(5.0, 9)[..], b"jpeg"].concat();
        let parsed = parse(&one).unwrap();
        assert_eq!(
            (parsed.flag, parsed.label, parsed.second, parsed.body),
            (0, 5.0, None, &b"jpeg"[..])
        );
        let two = pair_head([11.0, 14.0], 0);
        let parsed = parse(&two).unwrap();
        assert_eq!(
            (parsed.flag, parsed.label, parsed.second, parsed.body),
            (2, 11.0, Some(14.0), &[][..])
        );
    }

    #[test]
    fn lies_are_named() {
        let mut lying = head(0.0, 0).to_vec();
        lying[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(parse(&lying).unwrap_err().contains("4294967295 labels"));
        assert!(parse(&lying[..23]).unwrap_err().ends_with("got 23"));
        assert!(parse(&[]).unwrap_err().ends_with("got 0"));
    }

    #[test]
    fn labels_are_whole_or_none() {
        assert_eq!(
            [7.0, 7.9, -1.0, f32::NAN, f32::INFINITY].map(whole),
            [Some(7), Some(7), None, None, None]
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = parse(&bytes);
        }
    }
}
