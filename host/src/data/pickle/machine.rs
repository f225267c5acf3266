//! The stack machine.

use std::{
    collections::HashMap,
    io::{BufRead, Seek},
};

use ficta_core::{Error, Result};

use super::{
    call::Global,
    input::Input,
    opcode::{self, *},
    span::{Encoding, Span},
    value::{Array, Pickled, Value},
};

/// What a pickle may ask for at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values made, those kept aside included. Some 30 are made for an image in a NumPy array, 2 for one in bytes.
    pub values: usize,
    /// Length of one string of bytes or text.
    pub bytes: u64,
}

impl Default for Limits {
    /// 4 million values (below 300 MB of memory, whatever they are) and 64 MiB a string.
    fn default() -> Self {
        Self {
            values: 1 << 22,
            bytes: 64 << 20,
        }
    }
}

/// Reads the pickle that `reader`, at its beginning, holds in `size` bytes. What follows the end of the pickle is not read.
///
/// # Errors
/// [`ficta_core::ErrorKind::DATA`] with the offset: a pickle cut short, an opcode or a global that this reader does not know, a stack or a
/// memo without what is asked of it, more than `limits` allow; [`ficta_core::ErrorKind::IO`].
pub fn load<R: BufRead + Seek>(reader: R, size: u64, limits: Limits) -> Result<Pickled> {
    let mut machine = Machine {
        input: Input::new(reader, size),
        limits,
        at: 0,
        made: 0,
        stack: Vec::new(),
        memo: HashMap::new(),
        out: Pickled {
            root: Value::None,
            sequences: Vec::new(),
            arrays: Vec::new(),
            dtypes: Vec::new(),
        },
    };
    loop {
        machine.at = machine.input.offset();
        let opcode = machine.input.byte()?;
        if opcode == STOP {
            machine.out.root = machine.pop()?;
            return Ok(machine.out);
        }
        machine.step(opcode)?;
    }
}

pub(super) struct Machine<R> {
    input: Input<R>,
    limits: Limits,
    /// Offset of the opcode at work.
    at: u64,
    made: usize,
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
    out: Pickled,
}

impl<R: BufRead + Seek> Machine<R> {
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            PROTO => match self.input.byte()? {
                0..=5 => Ok(()),
                other => Err(self.refuse(&format!("protocol {other}, expected 0 to 5"))),
            },
            FRAME => self.input.unsigned(8).map(|_| ()),
            MARK => self.push(Value::Mark),
            POP => self.pop().map(|_| ()),
            POP_MARK => self.pop_mark().map(|_| ()),
            DUP => self.top().and_then(|top| self.push(top)),
            NONE => self.push(Value::None),
            NEWTRUE => self.push(Value::Bool(true)),
            NEWFALSE => self.push(Value::Bool(false)),
            INT | LONG => self.number(),
            BININT => {
                let bytes = self.input.array()?;
                self.push(Value::Int(i32::from_le_bytes(bytes).into()))
            }
            BININT1 => self.integer(1),
            BININT2 => self.integer(2),
            LONG1 => self.long(1),
            LONG4 => self.long(4),
            FLOAT => {
                let line = self.input.line()?;
                let number = line
                    .parse()
                    .map_err(|_| self.refuse(&format!("`{line}` as a number")))?;
                self.push(Value::Float(number))
            }
            BINFLOAT => {
                let bytes = self.input.array()?;
                self.push(Value::Float(f64::from_be_bytes(bytes)))
            }
            STRING => self.quoted(),
            UNICODE => self
                .input
                .line_span(Encoding::RawUnicodeEscape)
                .and_then(|span| self.push_span(span, Value::Text)),
            BINSTRING => self.counted(4, Encoding::Raw, Value::Bytes),
            SHORT_BINSTRING | SHORT_BINBYTES => self.counted(1, Encoding::Raw, Value::Bytes),
            BINBYTES => self.counted(4, Encoding::Raw, Value::Bytes),
            BINBYTES8 | BYTEARRAY8 => self.counted(8, Encoding::Raw, Value::Bytes),
            SHORT_BINUNICODE => self.counted(1, Encoding::Latin1, Value::Text),
            BINUNICODE => self.counted(4, Encoding::Latin1, Value::Text),
            BINUNICODE8 => self.counted(8, Encoding::Latin1, Value::Text),
            EMPTY_LIST | EMPTY_TUPLE => self.sequence(Vec::new()),
            LIST | TUPLE => self.pop_mark().and_then(|items| self.sequence(items)),
            TUPLE1 => self.tuple(1),
            TUPLE2 => self.tuple(2),
            TUPLE3 => self.tuple(3),
            APPEND => self.pop().and_then(|item| self.append(&[item])),
            APPENDS => self.pop_mark().and_then(|items| self.append(&items)),
            PUT => self.index_line().and_then(|index| self.put(index)),
            BINPUT => self.input.unsigned(1).and_then(|index| self.put(index)),
            LONG_BINPUT => self.input.unsigned(4).and_then(|index| self.put(index)),
            MEMOIZE => self.put(self.memo.len() as u64),
            GET => self.index_line().and_then(|index| self.get(index)),
            BINGET => self.input.unsigned(1).and_then(|index| self.get(index)),
            LONG_BINGET => self.input.unsigned(4).and_then(|index| self.get(index)),
            GLOBAL => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.global(&module, &name)
            }
            STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (name, module) = (self.short(name)?, self.short(module)?);
                self.global(&module, &name)
            }
            REDUCE => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments).and_then(|made| self.push(made))
            }
            BUILD => {
                let (state, object) = (self.pop()?, self.top()?);
                self.build(object, state)
            }
            other => Err(match opcode::name(other) {
                Some(name) => self.refuse(&format!("opcode {name}, which no verification pack needs")),
                None => Error::data(format!(
                    "offset {}: byte 0x{other:02x} is no opcode of a pickle",
                    self.at
                ))
                .help("the file is damaged, or no pickle"),
            }),
        }
    }

    /// Offset of the opcode at work.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The error of something that could be code, or that makes no sense in a pack.
    pub(super) fn refuse(&self, what: &str) -> Error {
        Error::data(format!("offset {}: refused: {what}", self.at)).help(
            "nothing of the file was run; a pickle that asks for more than lists, numbers, bytes and NumPy arrays may be hostile: get it from \
             its source again, and do not open it with Python",
        )
    }

    fn push(&mut self, value: Value) -> Result<()> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.made += 1;
        if self.made > self.limits.values {
            return Err(Error::data(format!(
                "offset {}: more than {} values",
                self.at, self.limits.values
            )));
        }
        Ok(())
    }

    fn top(&self) -> Result<Value> {
        match self.stack.last() {
            Some(Value::Mark) | None => Err(Error::data(format!("offset {}: the stack is empty", self.at))),
            Some(value) => Ok(*value),
        }
    }

    fn pop(&mut self) -> Result<Value> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// What stands above the last mark; the mark goes too.
    fn pop_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| *value == Value::Mark);
        let mark = mark.ok_or_else(|| Error::data(format!("offset {}: no mark is on the stack", self.at)))?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.pop()?);
        }
        items.reverse();
        self.sequence(items)
    }

    fn sequence(&mut self, items: Vec<Value>) -> Result<()> {
        let at = self.out.sequences.len() as u32; // fewer than `limits.values`
        self.out.sequences.push(items);
        self.push(Value::Sequence(at))
    }

    /// Items of a list or tuple of arguments. No call of those known has more than 16, so that a long list is not copied again and again.
    pub(super) fn few_items(&self, value: Value) -> Result<Vec<Value>> {
        match self.out.items(value) {
            Some(items) if items.len() <= 16 => Ok(items.to_vec()),
            Some(items) => Err(self.refuse(&format!("{} values where a few are expected", items.len()))),
            None => Err(self.refuse(&format!("{} where a list or tuple is expected", value.kind()))),
        }
    }

    fn append(&mut self, items: &[Value]) -> Result<()> {
        match self.top()? {
            Value::Sequence(at) => {
                self.out.sequences[at as usize].extend_from_slice(items);
                Ok(())
            }
            other => Err(self.refuse(&format!("items appended to {}", other.kind()))),
        }
    }

    fn put(&mut self, index: u64) -> Result<()> {
        let top = self.top()?;
        self.count()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn get(&mut self, index: u64) -> Result<()> {
        match self.memo.get(&index) {
            Some(value) => self.push(*value),
            None => Err(Error::data(format!(
                "offset {}: nothing was kept under number {index}",
                self.at
            ))),
        }
    }

    fn index_line(&mut self) -> Result<u64> {
        let line = self.input.line()?;
        line.trim()
            .parse()
            .map_err(|_| self.refuse(&format!("`{line}` as a number of the memo")))
    }

    fn integer(&mut self, width: usize) -> Result<()> {
        let number = self.input.unsigned(width)?;
        self.push(Value::Int(number.cast_signed()))
    }

    fn long(&mut self, width: usize) -> Result<()> {
        let length = self.input.unsigned(width)?;
        if length > 8 {
            return Err(self.refuse(&format!("an integer of {length} bytes")));
        }
        let number = self.input.unsigned(length as usize)?;
        let shift = 64 - 8 * length as u32;
        // Two's complement: the highest bit that was written is the sign.
        let number = if length == 0 {
            0
        } else {
            (number << shift).cast_signed() >> shift
        };
        self.push(Value::Int(number))
    }

    /// `I01` and `I00` are the truth values of protocols 0 and 1.
    fn number(&mut self) -> Result<()> {
        let line = self.input.line()?;
        let value = match line.trim_end_matches('L').trim() {
            "01" => Value::Bool(true),
            "00" => Value::Bool(false),
            digits => Value::Int(
                digits
                    .parse()
                    .map_err(|_| self.refuse(&format!("`{line}` as a whole number")))?,
            ),
        };
        self.push(value)
    }

    fn counted(&mut self, width: usize, encoding: Encoding, value: fn(Span) -> Value) -> Result<()> {
        let length = self.input.unsigned(width)?;
        if length > self.limits.bytes {
            return Err(Error::data(format!(
                "offset {}: {length} bytes in one piece, expected at most {}",
                self.at, self.limits.bytes
            ))
            .help("the file is damaged, or no verification pack"));
        }
        let span = self.input.span(length, encoding)?;
        self.push_span(span, value)
    }

    /// A Python 2 string literal: `S'...'`.
    fn quoted(&mut self) -> Result<()> {
        let line = self.input.line_span(Encoding::Repr)?;
        if line.length < 2 {
            return Err(self.refuse("a string without quotes"));
        }
        let inner = Span {
            offset: line.offset + 1,
            length: line.length - 2,
            encoding: Encoding::Repr,
        };
        self.push_span(inner, Value::Bytes)
    }

    fn push_span(&mut self, span: Span, value: fn(Span) -> Value) -> Result<()> {
        if span.length > self.limits.bytes {
            return Err(Error::data(format!(
                "offset {}: {} bytes in one piece, expected at most {}",
                self.at, span.length, self.limits.bytes
            )));
        }
        self.push(value(span))
    }

    /// A short text, or bytes that are one in Python 2.
    pub(super) fn short(&mut self, value: Value) -> Result<String> {
        let (Value::Text(span) | Value::Bytes(span)) = value else {
            return Err(self.refuse(&format!("{} where a name or a type code is expected", value.kind())));
        };
        let stored = self.input.look_back(span)?;
        let bytes = match span.encoding {
            Encoding::Latin1 => stored, // UTF-8 as it is
            _ => span.decode(stored)?,
        };
        String::from_utf8(bytes).map_err(|_| Error::data(format!("offset {}: a name that is no UTF-8", span.offset)))
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        match Global::find(module, name) {
            Some(known) => self.push(Value::Global(known)),
            None => Err(self.refuse(&format!(
                "the pickle asks Python for `{}.{}`",
                module.escape_debug(),
                name.escape_debug()
            ))),
        }
    }

    pub(super) fn new_dtype(&mut self, code: String) -> Result<Value> {
        self.count()?;
        self.out.dtypes.push(code);
        Ok(Value::DType(self.out.dtypes.len() as u32 - 1))
    }

    pub(super) fn dtype(&self, at: u32) -> String {
        self.out.dtype(at).to_owned()
    }

    pub(super) fn mark_big_endian(&mut self, at: u32) {
        let code = &mut self.out.dtypes[at as usize];
        if !code.starts_with('>') {
            code.insert(0, '>');
        }
    }

    pub(super) fn new_array(&mut self, array: Array) -> Result<Value> {
        self.count()?;
        self.out.arrays.push(array);
        Ok(Value::Array(self.out.arrays.len() as u32 - 1))
    }

    pub(super) fn set_array(&mut self, at: u32, array: Array) {
        self.out.arrays[at as usize] = array;
    }
}
