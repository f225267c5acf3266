//! Types of activations.

use half::bf16;

pub(crate) trait Number: Copy + Send + Sync {
    /// In f32, in which all sums are.
    fn wide(self) -> f32;
    /// Rounded to the nearest, of two to the even one.
    fn narrow(wide: f32) -> Self;
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }

    #[inline(always)]
    fn narrow(wide: f32) -> Self {
        wide
    }
}

impl Number for bf16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self.to_f32()
    }

    #[inline(always)]
    fn narrow(wide: f32) -> Self {
        Self::from_f32(wide)
    }
}
