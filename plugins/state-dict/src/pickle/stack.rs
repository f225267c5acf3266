//! The machine's stack.

use ficta_core::{Error, Result};

use super::value::Value;

/// Values, and the marks that groups of them begin with.
#[derive(Default)]
pub(super) struct Stack(Vec<Slot>);

enum Slot {
    Value(Value),
    Mark,
}

impl Stack {
    pub fn push(&mut self, value: Value) {
        self.0.push(Slot::Value(value));
    }

    pub fn mark(&mut self) {
        self.0.push(Slot::Mark);
    }

    /// Throws the uppermost value or mark away.
    pub fn discard(&mut self) -> Result<()> {
        self.0.pop().map(drop).ok_or_else(empty)
    }

    pub fn pop(&mut self) -> Result<Value> {
        match self.0.pop() {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(empty()),
        }
    }

    /// The `count` uppermost values.
    pub fn pop_last(&mut self, count: usize) -> Result<Vec<Value>> {
        let from = self.0.len().checked_sub(count).ok_or_else(empty)?;
        values(self.0.split_off(from))
    }

    /// The values above the last mark; the mark goes too.
    pub fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.0.iter().rposition(|s| matches!(s, Slot::Mark)).ok_or_else(empty)?;
        let items = self.0.split_off(mark + 1);
        self.0.pop();
        values(items)
    }

    pub fn top(&self) -> Result<&Value> {
        match self.0.last() {
            Some(Slot::Value(value)) => Ok(value),
            _ => Err(empty()),
        }
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
