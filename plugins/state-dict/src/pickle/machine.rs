//! The stack machine.

use std::collections::HashMap;

use ficta_core::{Error, Result};

use super::{
    call::{call, global, storage},
    input::Input,
    stack::Stack,
    value::{Containers, Pickled, Value},
};

/// Most values that one pickle may put on its stack or into its memo; a state dict of iresnet200 takes some ten thousand.
const MOST_VALUES: usize = 4_000_000;

/// Reads one pickle from the front of `bytes`, and says where it ends.
///
/// # Errors
/// `DATA` for what is no pickle or ends too early, `UNSUPPORTED` for what state dicts have no use for.
pub(crate) fn read(bytes: &[u8]) -> Result<(Pickled, usize)> {
    let mut machine = Machine {
        input: Input::new(bytes),
        stack: Stack::default(),
        memo: HashMap::new(),
        containers: Containers::default(),
        steps: 0,
    };
    loop {
        let start = machine.input.offset();
        let done = machine.step().map_err(|e| e.context(format!("pickle, byte {start}")))?;
        if let Some(root) = done {
            let end = machine.input.offset();
            let containers = machine.containers;
            return Ok((Pickled { root, containers }, end));
        }
    }
}

struct Machine<'a> {
    input: Input<'a>,
    stack: Stack,
    memo: HashMap<u64, Value>,
    containers: Containers,
    steps: usize,
}

impl Machine<'_> {
    /// Carries out one instruction; the value where that was the last.
    fn step(&mut self) -> Result<Option<Value>> {
        self.steps += 1;
        if self.steps > MOST_VALUES {
            return Err(Error::data(format!("more than {MOST_VALUES} instructions")));
        }
        let code = self.input.array::<1>()?[0];
        match code {
            0x80 => drop(self.input.array::<1>()?), // PROTO
            0x95 => drop(self.input.array::<8>()?), // FRAME
            b'.' => return self.stack.pop().map(Some),
            b'(' => self.stack.mark(),
            b'0' => self.stack.discard()?,
            b'1' => drop(self.stack.pop_to_mark()?),
            b'2' => {
                let top = self.stack.pop()?;
                self.stack.push(top.clone());
                self.stack.push(top);
            }
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Opaque),
            b'J' => {
                let v = i32::from_le_bytes(self.input.array()?);
                self.stack.push(Value::Int(v.into()));
            }
            b'K' => {
                let [v] = self.input.array()?;
                self.stack.push(Value::Int(v.into()));
            }
            b'M' => {
                let v = u16::from_le_bytes(self.input.array()?);
                self.stack.push(Value::Int(v.into()));
            }
            b'I' | b'L' => self.decimal()?,
            0x8a => {
                let count = usize::from(self.input.array::<1>()?[0]);
                self.long(count)?;
            }
            0x8b => {
                let count = u32::from_le_bytes(self.input.array()?) as usize;
                self.long(count)?;
            }
            b'G' => {
                self.input.array::<8>()?;
                self.stack.push(Value::Opaque);
            }
            b'X' | 0x8c | 0x8d | b'U' | b'T' => self.text(code)?,
            b'B' | b'C' | 0x8e | 0x96 => {
                let count = self.input.length(code)?;
                self.input.take(count)?;
                self.stack.push(Value::Opaque);
            }
            b'}' => self.container(Value::Dict, Vec::new()),
            b']' => self.container(Value::List, Vec::new()),
            b')' => self.container(Value::Tuple, Vec::new()),
            0x8f => self.stack.push(Value::Opaque), // EMPTY_SET
            0x90 => {
                self.stack.pop_to_mark()?; // ADDITEMS to the set below
            }
            b't' | 0x91 => {
                let items = self.stack.pop_to_mark()?;
                self.container(Value::Tuple, items);
            }
            0x85..=0x87 => {
                let items = self.stack.pop_last(usize::from(code - 0x84))?;
                self.container(Value::Tuple, items);
            }
            b'l' => {
                let items = self.stack.pop_to_mark()?;
                self.container(Value::List, items);
            }
            b'd' => {
                let items = self.stack.pop_to_mark()?;
                self.container(Value::Dict, in_pairs(items)?);
            }
            b'a' => {
                let item = self.stack.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' => {
                let items = self.stack.pop_to_mark()?;
                self.extend_list(items)?;
            }
            b's' => {
                let (value, key) = (self.stack.pop()?, self.stack.pop()?);
                self.extend_dict(vec![key, value])?;
            }
            b'u' => {
                let items = self.stack.pop_to_mark()?;
                self.extend_dict(items)?;
            }
            b'c' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.stack.push(global(module, name)?);
            }
            0x93 => match (self.stack.pop()?, self.stack.pop()?) {
                (Value::Text(name), Value::Text(module)) => self.stack.push(global(&module, &name)?),
                _ => return Err(Error::data("a name that is no text")),
            },
            b'R' | 0x81 => {
                let (arguments, callee) = (self.stack.pop()?, self.stack.pop()?);
                let value = call(&callee, &arguments, &mut self.containers)?;
                self.stack.push(value);
            }
            // State of an object: of ordered dicts and parameters nothing that matters here.
            b'b' => drop(self.stack.pop()?),
            b'Q' => {
                let id = self.stack.pop()?;
                let storage = storage(&id, &self.containers)?;
                self.stack.push(storage);
            }
            b'p' => {
                let index = self.input.entry_line()?;
                self.remember(index)?;
            }
            b'q' => {
                let [index] = self.input.array()?;
                self.remember(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.input.array()?);
                self.remember(index.into())?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'g' => {
                let index = self.input.entry_line()?;
                self.recall(index)?;
            }
            b'h' => {
                let [index] = self.input.array()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.input.array()?);
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

    fn container(&mut self, kind: impl Fn(usize) -> Value, items: Vec<Value>) {
        let number = self.containers.add(items);
        self.stack.push(kind(number));
    }

    fn extend_list(&mut self, items: Vec<Value>) -> Result<()> {
        match *self.stack.top()? {
            Value::List(list) => self.containers.extend(list, items),
            // Objects of unknown classes may be lists; nobody looks into them.
            Value::Opaque => {}
            _ => return Err(Error::data("items for what is no list")),
        }
        Ok(())
    }

    fn extend_dict(&mut self, items: Vec<Value>) -> Result<()> {
        match *self.stack.top()? {
            Value::Dict(dict) => self.containers.extend(dict, in_pairs(items)?),
            Value::Opaque => {}
            _ => return Err(Error::data("items for what is no dict")),
        }
        Ok(())
    }

    fn remember(&mut self, index: u64) -> Result<()> {
        let value = self.stack.top()?.clone();
        self.memo.insert(index, value);
        Ok(())
    }

    fn recall(&mut self, index: u64) -> Result<()> {
        let value = self.memo.get(&index).cloned();
        self.stack
            .push(value.ok_or_else(|| Error::data(format!("memo entry {index} was never made")))?);
        Ok(())
    }

    fn text(&mut self, code: u8) -> Result<()> {
        let count = self.input.length(code)?;
        let bytes = self.input.take(count)?;
        let value = std::str::from_utf8(bytes).map_or(Value::Opaque, |text| Value::Text(text.into()));
        self.stack.push(value);
        Ok(())
    }

    fn decimal(&mut self) -> Result<()> {
        let line = self.input.line()?;
        let value = match line {
            "00" | "01" => Value::Opaque,
            // Larger than any size: PyTorch's magic number, which nobody computes with.
            _ => line.trim_end_matches('L').parse().map_or(Value::Opaque, Value::Int),
        };
        self.stack.push(value);
        Ok(())
    }

    fn long(&mut self, count: usize) -> Result<()> {
        let bytes = self.input.take(count)?;
        let value = match count {
            0..=8 => {
                let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
                let mut whole = if negative { [0xff; 8] } else { [0; 8] };
                whole[..count].copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(whole))
            }
            _ => Value::Opaque,
        };
        self.stack.push(value);
        Ok(())
    }
}

/// A dict's items as they came, if each key has a value.
fn in_pairs(items: Vec<Value>) -> Result<Vec<Value>> {
    match items.len().is_multiple_of(2) {
        true => Ok(items),
        false => Err(Error::data("a key without a value")),
    }
}
