//! Convolution windows.

/// Where a convolution or pooling looks, along height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Extent of a window.
    pub size: [usize; 2],
    /// Step from one window to the next.
    pub stride: [usize; 2],
    /// Step from one tap of a window to the next.
    pub dilation: [usize; 2],
    /// Zeros before the map: at the top and at the left.
    pub before: [usize; 2],
    /// Zeros behind the map: at the bottom and at the right.
    pub after: [usize; 2],
}

impl Window {
    /// A square window with the same stride and padding on all sides.
    pub const fn square(size: usize, stride: usize, padding: usize) -> Self {
        Self {
            size: [size; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            before: [padding; 2],
            after: [padding; 2],
        }
    }

    /// Taps of a window.
    pub fn taps(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// How many windows lie along each axis of a map of this size.
    pub fn count(&self, extent: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let reach = self.dilation[axis] * self.size[axis].saturating_sub(1) + 1;
            (extent[axis] + self.before[axis] + self.after[axis])
                .checked_sub(reach)
                .map_or(0, |slack| slack / self.stride[axis] + 1)
        })
    }

    /// The taps of window `index` along `axis` that lie inside a map of `extent`: first, and one past the last.
    pub fn inside(&self, axis: usize, index: usize, extent: usize) -> [usize; 2] {
        let (start, step) = (index * self.stride[axis], self.dilation[axis]);
        let first = self.before[axis].saturating_sub(start).div_ceil(step);
        let last = (extent + self.before[axis]).saturating_sub(start).div_ceil(step);
        let last = last.min(self.size[axis]);
        [first.min(last), last]
    }

    /// Where on the map the tap `tap` of window `index` along `axis` lies, if it is inside (see [`Window::inside`]).
    pub fn source(&self, axis: usize, index: usize, tap: usize) -> usize {
        index * self.stride[axis] + tap * self.dilation[axis] - self.before[axis]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_convolutions() {
        assert_eq!(Window::square(3, 2, 1).count([112, 7]), [56, 4]);
        assert_eq!(Window::square(7, 2, 0).count([150, 150]), [72, 72]);
        assert_eq!(Window::square(3, 1, 0).count([2, 3]), [0, 1]);
        let dilated = Window {
            dilation: [2, 3],
            ..Window::square(3, 1, 2)
        };
        assert_eq!(dilated.count([5, 5]), [5, 3]);
    }

    #[test]
    fn taps_inside_are_those_whose_source_is_on_the_map() {
        for (stride, dilation, padding, extent) in
            [(1, 1, 1, 4), (2, 1, 3, 5), (1, 2, 2, 3), (3, 2, 4, 2), (1, 3, 0, 9)]
        {
            let window = Window {
                dilation: [dilation; 2],
                ..Window::square(3, stride, padding)
            };
            for index in 0..window.count([extent; 2])[0] {
                let on_map = |tap: &usize| {
                    let at = (index * stride + tap * dilation) as isize - padding as isize;
                    (0..extent as isize).contains(&at)
                };
                let expected: Vec<usize> = (0..3).filter(on_map).collect();
                let [first, last] = window.inside(0, index, extent);
                assert_eq!(
                    (first..last).collect::<Vec<_>>(),
                    expected,
                    "{window:?} {index} of {extent}"
                );
            }
        }
    }
}
