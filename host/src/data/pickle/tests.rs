use std::io::Cursor;

use ficta_core::ErrorKind;
use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> ficta_core::Result<Pickled> {
    load(Cursor::new(bytes), bytes.len() as u64, Limits::default())
}

fn message(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DATA, "{error}");
    error.message().to_owned()
}

#[test]
fn nothing_that_could_run_is_let_through() {
    // Each is what pickle.dumps of an object with such a __reduce__ gives, or pickletools' description of the opcode.
    let refused: [(&[u8], &str); 9] = [
        (
            b"cos\nsystem\n(S'echo'\ntR.",
            "offset 0: refused: the pickle asks Python for `os.system`",
        ),
        (
            b"\x80\x02cposix\nsystem\nq\x00.",
            "offset 2: refused: the pickle asks Python for `posix.system`",
        ),
        (
            b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
            "offset 18: refused: the pickle asks Python for `builtins.eval`",
        ),
        (b"(S'echo'\nios\nsystem\n.", "offset 9: refused: opcode INST"),
        (b"(cnumpy\nndarray\no.", "offset 16: refused: opcode OBJ"),
        (b"Pid\n.", "offset 0: refused: opcode PERSID"),
        (b"\x82\x01.", "offset 0: refused: opcode EXT1"),
        (b"cnumpy\nndarray\n)\x81.", "offset 16: refused: opcode NEWOBJ"),
        (b"}.", "offset 0: refused: opcode EMPTY_DICT"),
    ];
    for (pickle, expected) in refused {
        let text = message(pickle);
        assert!(text.starts_with(expected), "{text}");
        assert!(
            read(pickle)
                .unwrap_err()
                .help_text()
                .unwrap()
                .contains("nothing of the file was run")
        );
    }
    // Known globals in calls that are not those of numbers.
    for pickle in [
        &b"c_codecs\nencode\n(Vabc\nVrot13\ntR."[..],
        b"cnumpy\ndtype\n(K\x01tR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(c__builtin__\nbytes\n(K\x00tK\x00tR.",
        b"I1\n)R.",
        b"cnumpy\ndtype\n(S'u1'\ntR(K\x03tb.",
    ] {
        assert!(message(pickle).contains("refused"), "{}", message(pickle));
    }
}

#[test]
fn damage_is_told_with_its_offset() {
    assert!(message(b"").starts_with("offset 0: expected 1 more bytes"));
    assert!(message(b"\x80\x03]q\x00").starts_with("offset 5: expected 1 more bytes"));
    assert!(message(b"B\xff\xff\xff\x7fab").starts_with("offset 0: 2147483647 bytes in one piece, expected at most"));
    assert!(message(b"B\x10\0\0\0ab.").starts_with("offset 5: expected 16 more bytes, but the file ends 3 bytes on"));
    assert!(message(b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff").contains("in one piece"));
    assert!(message(b"]h\x07.").starts_with("offset 1: nothing was kept under number 7"));
    assert!(message(b"]g7\n.").starts_with("offset 1: nothing was kept under number 7"));
    assert!(message(b"gx\n.").contains("`x` as a number of the memo"));
    assert!(message(b".").contains("the stack is empty"));
    assert!(message(b"K\x01K\x02a.").contains("items appended to an integer"));
    assert!(message(b"]K\x01e.").contains("no mark"));
    assert!(message(b"\x80\x06.").contains("protocol 6"));
    assert!(message(b"\x8a\xff").contains("an integer of 255 bytes"));
    assert!(message(b"hello").contains("nothing was kept"));
    assert!(message(b"\x00").contains("byte 0x00 is no opcode of a pickle"));
    assert!(message(&[&b"c"[..], &[b'a'; 600]].concat()).contains("a line of more than 512 bytes"));
}

#[test]
fn numbers_come_back() {
    let root = |bytes: &[u8]| read(bytes).unwrap().root;
    assert_eq!(root(b"I01\n."), Value::Bool(true));
    assert_eq!(root(b"I-5\n."), Value::Int(-5));
    assert_eq!(root(b"L12L\n."), Value::Int(12));
    assert_eq!(root(b"J\xfe\xff\xff\xff."), Value::Int(-2));
    assert_eq!(root(b"M\x00\x01."), Value::Int(256));
    assert_eq!(root(b"\x8a\x00."), Value::Int(0));
    assert_eq!(root(b"\x8a\x01\xff."), Value::Int(-1));
    assert_eq!(root(b"\x8a\x02\xff\x00."), Value::Int(255));
    assert_eq!(root(b"F1.5\n."), Value::Float(1.5));
    assert_eq!(root(b"G\x3f\xf8\0\0\0\0\0\0."), Value::Float(1.5));
    assert_eq!(root(b"K\x07N0."), Value::Int(7));
    assert_eq!(root(b"K\x07(NN1."), Value::Int(7));
}

#[test]
fn nesting_and_cycles_do_not_exhaust_the_stack() {
    let deep = [vec![b'('; 500_000], b"N".to_vec(), vec![b't'; 500_000], b".".to_vec()].concat();
    read(&deep).unwrap();
    let cycle = b"]q\x00h\x00a.";
    assert_eq!(
        read(cycle).unwrap().items(Value::Sequence(0)),
        Some(&[Value::Sequence(0)][..])
    );
}

#[test]
fn a_pickle_of_many_values_is_stopped() {
    let bomb = [vec![b'N'; 2000], b".".to_vec()].concat();
    let limits = Limits {
        values: 1000,
        ..Limits::default()
    };
    let error = load(Cursor::new(&bomb), bomb.len() as u64, limits).unwrap_err();
    assert_eq!(error.message(), "offset 1000: more than 1000 values");
    // Each call would copy its arguments: long ones are refused before.
    let call = [b"c_codecs\nencode\n(".to_vec(), vec![b'N'; 100], b"tR.".to_vec()].concat();
    assert!(message(&call).contains("100 values where a few are expected"));
}

/// Bytes that look like pickles more often than noise does.
fn opcodes() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<Vec<u8>> = [
        &b"("[..],
        b".",
        b"0",
        b"1",
        b"2",
        b"N",
        b"\x88",
        b"]",
        b")",
        b"t",
        b"l",
        b"a",
        b"e",
        b"R",
        b"b",
        b"\x85",
        b"\x86",
        b"\x87",
        b"\x94",
        b"\x93",
        b"K\x01",
        b"q\x01",
        b"h\x01",
        b"U\x02u1",
        b"C\x03abc",
        b"X\x02\0\0\0ab",
        b"\x8c\x06latin1",
        b"cnumpy\ndtype\n",
        b"cnumpy\nndarray\n",
        b"c_codecs\nencode\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"S'ab'\n",
        b"I1\n",
        b"\x8a\x01\x05",
        b"\x95\0\0\0\0\0\0\0\0",
        b"\x96\x02\0\0\0\0\0\0\0ab",
    ]
    .iter()
    .map(|b| b.to_vec())
    .collect();
    prop::collection::vec(
        prop_oneof![9 => prop::sample::select(known), 1 => prop::collection::vec(any::<u8>(), 1..4)],
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_bytes_panic(noise in prop::collection::vec(any::<u8>(), 0..200), program in opcodes()) {
        let _ = read(&noise);
        let _ = read(&program);
    }
}
