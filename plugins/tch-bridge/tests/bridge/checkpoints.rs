//! Files.

use std::fs;

use ficta_core::ErrorKind;
use ficta_tch_bridge::{Parameters, Saved, checkpoint};
use tch::{Kind, Tensor};

fn tensors() -> Vec<(String, Tensor)> {
    vec![
        (
            "b".into(),
            Tensor::from_slice(&[1f32, f32::NAN, -0.0, 1e-40]).reshape([2, 2]),
        ),
        ("a.count".into(), Tensor::from_slice(&[i64::MIN, 3])),
        ("scalar".into(), Tensor::from_slice(&[0.1f64]).reshape([0i64; 0])),
        (
            "strided".into(),
            Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0])
                .reshape([2, 3])
                .tr(),
        ),
        ("empty".into(), Tensor::zeros([0, 3], (Kind::Float, tch::Device::Cpu))),
    ]
}

fn write(path: &std::path::Path, tensors: &[(String, Tensor)]) -> ficta_core::Result<()> {
    checkpoint::write(path, tensors.iter().map(|(n, t)| (n.clone(), t)), &("a description", 7))
}

fn bits(t: &Tensor) -> Vec<u8> {
    let t = t.contiguous();
    let mut bytes = vec![0; t.numel() * t.kind().elt_size_in_bytes()];
    t.copy_data_u8(&mut bytes, t.numel());
    bytes
}

#[test]
fn what_is_written_comes_back_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    write(&path, &tensors()).unwrap();
    let saved = Saved::read(&path).unwrap();
    assert_eq!(
        saved.names().collect::<Vec<_>>(),
        ["a.count", "b", "empty", "scalar", "strided"]
    );
    for (name, t) in tensors() {
        let back = saved.like(&name, &t).unwrap();
        assert_eq!(
            (back.size(), back.kind(), bits(&back)),
            (t.size(), t.kind(), bits(&t)),
            "{name}"
        );
    }
    assert_eq!(
        saved.description::<(String, u32)>().unwrap(),
        ("a description".into(), 7)
    );
}

#[test]
fn equal_content_gives_equal_bytes_and_replaces_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("x"), folder.path().join("y")];
    fs::write(&paths[1], "old").unwrap();
    let mut reversed = tensors();
    reversed.reverse();
    write(&paths[0], &tensors()).unwrap();
    write(&paths[1], &reversed).unwrap();
    assert_eq!(fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "nothing is left beside"
    );
}

#[test]
fn failures_leave_the_old_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, "old").unwrap();
    let bad = [("half".to_string(), Tensor::from_slice(&[1f32]).to_kind(Kind::Half))];
    let error = write(&path, &bad).unwrap_err();
    assert!(
        error.kind() == ErrorKind::UNSUPPORTED && error.message().contains("`half`"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    let nowhere = write(&folder.path().join("missing/x"), &tensors()).unwrap_err();
    assert!(
        nowhere.kind() == ErrorKind::IO && nowhere.message().contains("missing"),
        "{nowhere}"
    );
}

#[test]
fn broken_files_are_data_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    assert_eq!(Saved::read(&path).err().unwrap().kind(), ErrorKind::IO);
    write(&path, &tensors()).unwrap();
    let whole = fs::read(&path).unwrap();
    for cut in [0, 7, 100, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        let error = Saved::read(&path).err().unwrap();
        assert!(
            error.kind() == ErrorKind::DATA && error.help_text().is_some(),
            "{cut}: {error}"
        );
    }
    fs::write(&path, [0xff; 64]).unwrap();
    assert_eq!(Saved::read(&path).err().unwrap().kind(), ErrorKind::DATA);
}

#[test]
fn other_shapes_types_and_names_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    write(&path, &tensors()).unwrap();
    let saved = Saved::read(&path).unwrap();
    let mut p = Parameters::new();
    p.add("strided", Tensor::from_slice(&[9f32; 6]).reshape([3, 2]))
        .unwrap();
    p.add("b", Tensor::from_slice(&[9f32; 6]).reshape([2, 3])).unwrap();
    let error = p.restore(&saved, "").unwrap_err();
    assert!(
        error.kind() == ErrorKind::DATA && error.message().contains("[2, 2], expected Float [2, 3]"),
        "{error}"
    );
    assert_eq!(p.tensors()[0].double_value(&[0, 0]), 9.0);
    assert!(
        p.restore(&saved, "other.")
            .unwrap_err()
            .message()
            .contains("no tensor `other.strided`")
    );
    assert!(
        saved
            .like("b", &Tensor::from_slice(&[1f64; 4]).reshape([2, 2]))
            .is_err()
    );
    assert!(saved.description::<Vec<u32>>().unwrap_err().kind() == ErrorKind::DATA);
}

/// A safetensors file without any metadata: each tensor's name, type, extent and bytes.
fn of_another_tool(tensors: &[(&str, &str, usize, &[u8])]) -> ficta_core::Result<Saved> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, extent, bytes) in tensors {
        let (begin, end) = (data.len(), data.len() + bytes.len());
        entries.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{extent}],"data_offsets":[{begin},{end}]}}"#
        ));
        data.extend(*bytes);
    }
    let header = format!("{{{}}}", entries.join(","));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(
        &path,
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat(),
    )
    .unwrap();
    Saved::read(&path)
}

#[test]
fn files_of_other_tools_can_be_read() {
    let saved = of_another_tool(&[
        ("t", "F32", 1, &2.5f32.to_le_bytes()),
        ("i", "I32", 1, &7i32.to_le_bytes()),
        // 1.5 and -2, 1.5 and -3.
        ("h", "F16", 2, &[0x00, 0x3e, 0x00, 0xc0]),
        ("b", "BF16", 2, &[0xc0, 0x3f, 0x40, 0xc0]),
    ])
    .unwrap();
    assert_eq!(saved.names().collect::<Vec<_>>(), ["b", "h", "t"]);
    for (name, expected) in [("t", &[2.5f32][..]), ("h", &[1.5, -2.0]), ("b", &[1.5, -3.0])] {
        let expected = Tensor::from_slice(expected);
        assert_eq!(saved.like(name, &expected).unwrap(), expected, "{name}");
    }
    let error = saved.like("i", &Tensor::from_slice(&[7f32])).unwrap_err();
    assert!(
        error.kind() == ErrorKind::DATA && error.message().contains("tensor `i` is of type I32, expected F32"),
        "{error}"
    );
    assert!(
        saved
            .description::<String>()
            .unwrap_err()
            .message()
            .contains("does not say what it holds")
    );
}

#[test]
fn names_lose_the_wrappers_that_all_of_them_have() {
    let names = |a: &str, b: &str| -> Vec<String> {
        let one = 1f32.to_le_bytes();
        let saved = of_another_tool(&[(a, "F32", 1, &one), (b, "F32", 1, &one)]).unwrap();
        saved.names().map(str::to_owned).collect()
    };
    assert_eq!(names("module.a", "module.b"), ["a", "b"]);
    assert_eq!(names("_orig_mod.module.a", "_orig_mod.module.b"), ["a", "b"]);
    assert_eq!(names("a", "module.b"), ["a", "module.b"]);
}
