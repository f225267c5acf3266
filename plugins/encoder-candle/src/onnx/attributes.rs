//! A node's attributes.

use candle_core::{Result, bail};

use super::proto::{Attribute, Node};
use crate::convolution::window::Window;

/// Largest stride, dilation, padding or window that is taken for real.
const MOST: i64 = 4096;

impl Node {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attribute.iter().find(|a| a.name == name)
    }

    /// An integer, or what it is when left out.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).and_then(|a| a.i).unwrap_or(default)
    }

    /// A number, or what it is when left out.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).and_then(|a| a.f).unwrap_or(default)
    }

    /// A list of integers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.attribute(name)?.s.as_deref()?).ok()
    }

    /// The tensor of a `Constant`.
    pub fn tensor(&self) -> Option<&super::proto::Tensor> {
        self.attribute("value")?.t.as_ref()
    }

    /// Windows of this size, by `strides`, `dilations`, `pads` and `auto_pad`.
    pub fn window(&self, size: [usize; 2]) -> Result<Window> {
        let pair = |name: &str, default: [usize; 2]| -> Result<[usize; 2]> {
            match self.ints(name) {
                None | Some([]) => Ok(default),
                Some([y, x]) if (1..=MOST).contains(y) && (1..=MOST).contains(x) => Ok([*y as usize, *x as usize]),
                Some(other) => bail!("{name} = {other:?}, expected two numbers of 1 to {MOST}"),
            }
        };
        let size = pair("kernel_shape", size)?;
        let (stride, dilation) = (pair("strides", [1; 2])?, pair("dilations", [1; 2])?);
        let pads = match self.ints("pads") {
            None | Some([]) => [0; 4],
            Some([a, b, c, d]) if [a, b, c, d].iter().all(|p| (0..=MOST).contains(*p)) => {
                [*a, *b, *c, *d].map(|p| p as usize)
            }
            Some(other) => bail!("pads = {other:?}, expected four numbers of 0 to {MOST}"),
        };
        let (mut before, mut after) = ([pads[0], pads[1]], [pads[2], pads[3]]);
        match self.text("auto_pad") {
            None | Some("NOTSET" | "") => {}
            Some("VALID") => (before, after) = ([0; 2], [0; 2]),
            Some(same @ ("SAME_UPPER" | "SAME_LOWER")) if stride == [1; 2] => {
                let all = [0, 1].map(|axis| dilation[axis] * (size[axis] - 1));
                (before, after) = (all.map(|a| a / 2), all.map(|a| a - a / 2));
                if same == "SAME_LOWER" {
                    std::mem::swap(&mut before, &mut after);
                }
            }
            Some(other) => bail!("auto_pad = {other} with strides {stride:?} is not supported"),
        }
        Ok(Window {
            size,
            stride,
            dilation,
            before,
            after,
        })
    }
}
