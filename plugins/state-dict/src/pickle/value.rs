//! What a pickle builds.

use std::rc::Rc;

use crate::storage::{Element, View};

/// What a pickle can hold here; a container is its number in the table.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(i64),
    Text(Rc<str>),
    /// Bytes, and whatever else no state dict looks into.
    Opaque,
    Tuple(usize),
    List(usize),
    Dict(usize),
    /// `module.name`.
    Global(Rc<str>),
    /// A storage: its name and type.
    Storage(Rc<str>, Element),
    Tensor(Rc<View>),
}

/// Items of each container; those of a dict are a key, its value, the next key and so on.
#[derive(Debug, Default)]
pub(super) struct Containers(Vec<Vec<Value>>);

impl Containers {
    /// A new container's number.
    pub fn add(&mut self, items: Vec<Value>) -> usize {
        self.0.push(items);
        self.0.len() - 1
    }

    pub fn items(&self, container: usize) -> &[Value] {
        &self.0[container]
    }

    pub fn extend(&mut self, container: usize, items: Vec<Value>) {
        self.0[container].extend(items);
    }
}

/// What a whole pickle builds.
#[derive(Debug)]
pub(crate) struct Pickled {
    /// The value that the pickle stands for.
    pub root: Value,
    pub(super) containers: Containers,
}

impl Pickled {
    /// The items, where the value is a list.
    pub fn list(&self, value: &Value) -> Option<&[Value]> {
        match value {
            Value::List(list) => Some(self.containers.items(*list)),
            _ => None,
        }
    }

    /// Keys with their values, where the value is a dict.
    pub fn dict(&self, value: &Value) -> Option<&[[Value; 2]]> {
        match value {
            Value::Dict(dict) => Some(self.containers.items(*dict).as_chunks().0),
            _ => None,
        }
    }
}
