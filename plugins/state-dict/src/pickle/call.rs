//! What the few names and callables of state dicts stand for.

use std::rc::Rc;

use ficta_core::{Error, Result};

use super::value::{Containers, Value};
use crate::storage::{Element, View};

/// Most bytes of a module's name and a name within it. They may stand in the file once and be put together often.
const LONGEST_NAME: usize = 512;

/// Most dimensions of a tensor: no operation of PyTorch's takes more. A tuple may stand in the file once and be the shape of many tensors.
const MOST_DIMENSIONS: usize = 64;

/// `module.name`, as a name.
pub(super) fn global(module: &str, name: &str) -> Result<Value> {
    match module.len() + name.len() {
        0..=LONGEST_NAME => Ok(Value::Global(format!("{module}.{name}").into())),
        long => Err(Error::data(format!(
            "a name of {long} bytes, expected at most {LONGEST_NAME}"
        ))),
    }
}

/// What a call gives.
pub(super) fn call(callee: &Value, arguments: &Value, containers: &mut Containers) -> Result<Value> {
    let Value::Tuple(arguments) = arguments else {
        return Err(Error::data("arguments that are no tuple"));
    };
    let Value::Global(name) = callee else {
        return Ok(Value::Opaque);
    };
    match &**name {
        "collections.OrderedDict" => Ok(Value::Dict(containers.add(Vec::new()))),
        "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {
            view(*arguments, containers).map(|v| Value::Tensor(Rc::new(v)))
        }
        "torch._utils._rebuild_parameter" => {
            let first = containers.items(*arguments).first();
            let tensor = first.filter(|a| matches!(a, Value::Tensor(_)));
            tensor
                .cloned()
                .ok_or_else(|| Error::data("a parameter without a tensor"))
        }
        _ => Ok(Value::Opaque),
    }
}

/// Of `(storage, offset, size, stride, ...)`.
fn view(arguments: usize, containers: &Containers) -> Result<View> {
    let sizes = |value: &Value| -> Option<Vec<usize>> {
        let Value::Tuple(items) = value else { return None };
        let items = containers.items(*items);
        (items.len() <= MOST_DIMENSIONS).then_some(())?;
        items.iter().map(size).collect()
    };
    match containers.items(arguments) {
        [Value::Storage(storage, element), offset, shape, strides, ..] => {
            let parts = (size(offset), sizes(shape), sizes(strides));
            if let (Some(offset), Some(shape), Some(strides)) = parts
                && shape.len() == strides.len()
            {
                return Ok(View {
                    storage: Rc::clone(storage),
                    element: *element,
                    offset,
                    shape,
                    strides,
                });
            }
            Err(Error::data(format!(
                "a tensor of storage `{storage}` has no sizes, or more than {MOST_DIMENSIONS}"
            )))
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
pub(super) fn storage(id: &Value, containers: &Containers) -> Result<Value> {
    if let Value::Tuple(parts) = id
        && let [Value::Text(what), Value::Global(class), Value::Text(name), ..] = containers.items(*parts)
        && &**what == "storage"
    {
        let short = class.rsplit('.').next().unwrap_or(class);
        return Element::of_class(short)
            .map(|element| Value::Storage(Rc::clone(name), element))
            .ok_or_else(|| {
                Error::unsupported(format!("storages of type {class}")).help("save the weights as float32")
            });
    }
    Err(Error::data("a persistent id that names no storage"))
}
