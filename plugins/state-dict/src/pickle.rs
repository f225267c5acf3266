//! As much of Python's pickle as state dicts need. Nothing is imported or called: the few names that state dicts use are known here, and any
//! other stays a name.

use std::collections::HashMap;
use std::rc::Rc;

use ficta_core::{Error, Result};

use super::storage::{Element, View};

/// What a pickle can hold here.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(i64),
    Text(Rc<str>),
    /// Bytes, and whatever else no state dict looks into.
    Opaque,
    Sequence(Rc<[Value]>),
    List(Rc<std::cell::RefCell<Vec<Value>>>),
    Dict(Rc<std::cell::RefCell<Vec<(Value, Value)>>>),
    /// `module.name`.
    Global(Rc<str>),
    /// A storage: its name and type.
    Storage(Rc<str>, Element),
    Tensor(Rc<View>),
}

/// Values and marks on the stack.
enum Slot {
    Value(Value),
    Mark,
}

/// Most values that one pickle may put on its stack or into its memo; a state dict of iresnet200 takes some ten thousand.
const MOST_VALUES: usize = 4_000_000;

/// Reads one pickle from the front of `bytes`, and says where it ends.
///
/// # Errors
/// `DATA` for what is no pickle or ends too early, `UNSUPPORTED` for what state dicts have no use for.
pub(crate) fn read(bytes: &[u8]) -> Result<(Value, usize)> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        memo: HashMap::new(),
        steps: 0,
    };
    loop {
        let start = machine.at;
        let done = machine.step().map_err(|e| e.context(format!("pickle, byte {start}")))?;
        if let Some(value) = done {
            return Ok((value, machine.at));
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Slot>,
    memo: HashMap<u64, Value>,
    steps: usize,
}

impl<'a> Machine<'a> {
    /// Carries out one instruction; the value where that was the last.
    fn step(&mut self) -> Result<Option<Value>> {
        self.steps += 1;
        if self.steps > MOST_VALUES {
            return Err(Error::data(format!("more than {MOST_VALUES} instructions")));
        }
        let code = self.array::<1>()?[0];
        match code {
            0x80 => drop(self.array::<1>()?), // PROTO
            0x95 => drop(self.array::<8>()?), // FRAME
            b'.' => return self.pop().map(Some),
            b'(' => self.stack.push(Slot::Mark),
            b'0' => drop(self.stack.pop().ok_or_else(empty)?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.push(top.clone());
                self.push(top);
            }
            b'N' | 0x88 | 0x89 => self.push(Value::Opaque),
            b'J' => {
                let v = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(v.into()));
            }
            b'K' => {
                let [v] = self.array()?;
                self.push(Value::Int(v.into()));
            }
            b'M' => {
                let v = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(v.into()));
            }
            b'I' | b'L' => self.decimal()?,
            0x8a => {
                let count = usize::from(self.array::<1>()?[0]);
                self.long(count)?;
            }
            0x8b => {
                let count = u32::from_le_bytes(self.array()?) as usize;
                self.long(count)?;
            }
            b'G' => {
                self.array::<8>()?;
                self.push(Value::Opaque);
            }
            b'X' | 0x8c | 0x8d | b'U' | b'T' => self.text(code)?,
            b'B' | b'C' | 0x8e | 0x96 => {
                let count = self.length(code)?;
                self.take(count)?;
                self.push(Value::Opaque);
            }
            b'}' => self.push(Value::Dict(Rc::default())),
            b']' => self.push(Value::List(Rc::default())),
            b')' => self.push(Value::Sequence(Rc::new([]))),
            0x8f => self.push(Value::Opaque), // EMPTY_SET
            0x90 => {
                self.pop_to_mark()?; // ADDITEMS to the set below
            }
            b't' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Value::Sequence(items.into()));
            }
            0x85..=0x87 => {
                let from = self
                    .stack
                    .len()
                    .checked_sub(usize::from(code - 0x84))
                    .ok_or_else(empty)?;
                let items = values(self.stack.split_off(from))?;
                self.push(Value::Sequence(items.into()));
            }
            b'l' => {
                let items = self.pop_to_mark()?;
                self.push(Value::List(Rc::new(items.into())));
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Dict(Rc::new(pairs(items)?.into())));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend_list(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(vec![key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dict(items)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(format!("{module}.{name}").into()));
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => self.push(Value::Global(format!("{module}.{name}").into())),
                _ => return Err(Error::data("a name that is no text")),
            },
            b'R' | 0x81 => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                let value = call(&callee, &arguments)?;
                self.push(value);
            }
            // State of an object: of ordered dicts and parameters nothing that matters here.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let id = self.pop()?;
                let storage = storage(&id)?;
                self.push(storage);
            }
            b'p' => {
                let line = self.line()?;
                let index = line.parse().map_err(|_| Error::data(format!("memo entry `{line}`")))?;
                self.remember(index)?;
            }
            b'q' => {
                let [index] = self.array()?;
                self.remember(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.array()?);
                self.remember(index.into())?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'g' => {
                let line = self.line()?;
                self.recall(line.parse().map_err(|_| Error::data(format!("memo entry `{line}`")))?)?;
            }
            b'h' => {
                let [index] = self.array()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.array()?);
                self.recall(index.into())?;
            }
            other => {
                return Err(
                    Error::unsupported(format!("instruction {other:#04x} has no place in a state dict"))
                        .help("save the weights alone: torch.save(network.state_dict(), path)"),
                );
            }
        }
        Ok(None)
    }

    fn push(&mut self, value: Value) {
        self.stack.push(Slot::Value(value));
    }

    fn pop(&mut self) -> Result<Value> {
        match self.stack.pop() {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(empty()),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self
            .stack
            .iter()
            .rposition(|s| matches!(s, Slot::Mark))
            .ok_or_else(empty)?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        values(items)
    }

    fn top(&self) -> Result<&Value> {
        match self.stack.last() {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(empty()),
        }
    }

    fn extend_list(&self, items: Vec<Value>) -> Result<()> {
        match self.top()? {
            Value::List(list) => list.borrow_mut().extend(items),
            // Objects of unknown classes may be lists; nobody looks into them.
            Value::Opaque => {}
            _ => return Err(Error::data("items for what is no list")),
        }
        Ok(())
    }

    fn extend_dict(&self, items: Vec<Value>) -> Result<()> {
        match self.top()? {
            Value::Dict(dict) => dict.borrow_mut().extend(pairs(items)?),
            Value::Opaque => {}
            _ => return Err(Error::data("items for what is no dict")),
        }
        Ok(())
    }

    fn remember(&mut self, index: u64) -> Result<()> {
        let value = self.top()?.clone();
        self.memo.insert(index, value);
        Ok(())
    }

    fn recall(&mut self, index: u64) -> Result<()> {
        let value = self.memo.get(&index).cloned();
        self.push(value.ok_or_else(|| Error::data(format!("memo entry {index} was never made")))?);
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| {
            Error::data(format!(
                "{count} bytes are wanted, the file ends after {}",
                self.bytes.len() - self.at
            ))
        })?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().position(|b| *b == b'\n');
        let count = count.ok_or_else(|| Error::data("a line that does not end"))?;
        let line = self.take(count + 1)?;
        std::str::from_utf8(&line[..count]).map_err(|_| Error::data("a line that is no text"))
    }

    fn length(&mut self, code: u8) -> Result<usize> {
        Ok(match code {
            b'U' | b'C' | 0x8c => self.array::<1>()?[0].into(),
            0x8d | 0x8e | 0x96 => usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX),
            _ => u32::from_le_bytes(self.array()?) as usize,
        })
    }

    fn text(&mut self, code: u8) -> Result<()> {
        let count = self.length(code)?;
        let bytes = self.take(count)?;
        let value = std::str::from_utf8(bytes).map_or(Value::Opaque, |text| Value::Text(text.into()));
        self.push(value);
        Ok(())
    }

    fn decimal(&mut self) -> Result<()> {
        let line = self.line()?;
        let value = match line {
            "00" | "01" => Value::Opaque,
            // Larger than any size: PyTorch's magic number, which nobody computes with.
            _ => line.trim_end_matches('L').parse().map_or(Value::Opaque, Value::Int),
        };
        self.push(value);
        Ok(())
    }

    fn long(&mut self, count: usize) -> Result<()> {
        let bytes = self.take(count)?;
        let value = match count {
            0..=8 => {
                let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
                let mut whole = if negative { [0xff; 8] } else { [0; 8] };
                whole[..count].copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(whole))
            }
            _ => Value::Opaque,
        };
        self.push(value);
        Ok(())
    }
}

fn empty() -> Error {
    Error::data("an instruction wants more than there is on the stack")
}

fn values(slots: Vec<Slot>) -> Result<Vec<Value>> {
    let value = |slot| match slot {
        Slot::Value(value) => Ok(value),
        Slot::Mark => Err(empty()),
    };
    slots.into_iter().map(value).collect()
}

fn pairs(items: Vec<Value>) -> Result<Vec<(Value, Value)>> {
    if !items.len().is_multiple_of(2) {
        return Err(Error::data("a key without a value"));
    }
    let mut items = items.into_iter();
    Ok(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect())
}

/// What the few callables of state dicts give.
fn call(callee: &Value, arguments: &Value) -> Result<Value> {
    let Value::Sequence(arguments) = arguments else {
        return Err(Error::data("arguments that are no tuple"));
    };
    let Value::Global(name) = callee else {
        return Ok(Value::Opaque);
    };
    match &**name {
        "collections.OrderedDict" => Ok(Value::Dict(Rc::default())),
        "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {
            view(arguments).map(|v| Value::Tensor(Rc::new(v)))
        }
        "torch._utils._rebuild_parameter" => {
            let tensor = arguments.first().filter(|a| matches!(a, Value::Tensor(_)));
            tensor
                .cloned()
                .ok_or_else(|| Error::data("a parameter without a tensor"))
        }
        _ => Ok(Value::Opaque),
    }
}

/// Of `(storage, offset, size, stride, ...)`.
fn view(arguments: &[Value]) -> Result<View> {
    let sizes = |value: &Value| -> Option<Vec<usize>> {
        let Value::Sequence(items) = value else { return None };
        items.iter().map(size).collect()
    };
    match arguments {
        [Value::Storage(storage, element), offset, shape, strides, ..] => {
            let parts = (size(offset), sizes(shape), sizes(strides));
            if let (Some(offset), Some(shape), Some(strides)) = parts
                && shape.len() == strides.len()
            {
                return Ok(View {
                    storage: storage.to_string(),
                    element: *element,
                    offset,
                    shape,
                    strides,
                });
            }
            Err(Error::data(format!("a tensor of storage `{storage}` has no sizes")))
        }
        _ => Err(Error::data("a tensor without a storage")),
    }
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Int(v) => usize::try_from(*v).ok(),
        _ => None,
    }
}

/// Of `("storage", class, name, device, length)`.
fn storage(id: &Value) -> Result<Value> {
    if let Value::Sequence(parts) = id
        && let [Value::Text(what), Value::Global(class), Value::Text(name), ..] = &**parts
        && &**what == "storage"
    {
        let short = class.rsplit('.').next().unwrap_or(class);
        return Element::of_class(short)
            .map(|element| Value::Storage(name.clone(), element))
            .ok_or_else(|| {
                Error::unsupported(format!("storages of type {class}")).help("save the weights as float32")
            });
    }
    Err(Error::data("a persistent id that names no storage"))
}
