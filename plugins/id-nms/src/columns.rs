//! Coded rows to compare with, in panels that a kernel reads from first to last.

use crate::{
    codec::{Codec, Coded, GROUP},
    kernel::{COLUMNS, ColumnBounds, Line},
    rows::Rows,
};

/// Rows that can be appended to, each with a floor.
pub(crate) struct Columns {
    panels: Vec<Panel>,
    /// Rows in all.
    len: usize,
    codes: Vec<i8>,
    left: Vec<f32>,
}

/// [`COLUMNS`] rows. Takes little more than a quarter of what they take in f32.
pub(crate) struct Panel {
    /// Two for each group of dimensions.
    pub(crate) lines: Box<[Line]>,
    pub(crate) bounds: ColumnBounds,
    /// By stage: at least the length of what follows it.
    pub(crate) rest: Box<[[f32; COLUMNS]]>,
}

impl Columns {
    pub(crate) fn new(codec: &Codec) -> Self {
        Self {
            panels: Vec::new(),
            len: 0,
            codes: vec![0; codec.groups() * GROUP],
            left: vec![0.0; codec.ends().len()],
        }
    }

    /// All rows of `rows`, without floors.
    pub(crate) fn of_all(codec: &Codec, rows: &Rows<'_>) -> Self {
        let mut columns = Self::new(codec);
        (0..rows.len()).for_each(|i| columns.push(codec, rows, i, f32::MIN));
        columns
    }

    /// Appends row `i` of `rows`. Pairs whose cosine is below `floor` do not matter to it.
    pub(crate) fn push(&mut self, codec: &Codec, rows: &Rows<'_>, i: usize, floor: f32) {
        let (panel, column) = (self.len / COLUMNS, self.len % COLUMNS);
        if column == 0 {
            self.panels.push(Panel {
                lines: vec![Line([0; 64]); 2 * codec.groups()].into(),
                bounds: ColumnBounds::EMPTY,
                rest: vec![[0.0; COLUMNS]; codec.ends().len()].into(),
            });
        }
        let panel = &mut self.panels[panel];
        let coded = Coded {
            codes: &mut self.codes,
            rest: &mut self.left,
        };
        let measure = codec.encode(rows, i, coded);
        for (lines, codes) in panel.lines.chunks_exact_mut(2).zip(self.codes.as_chunks::<GROUP>().0) {
            lines[column / 16].0[column % 16 * GROUP..][..GROUP].copy_from_slice(codes);
        }
        for (rest, left) in panel.rest.iter_mut().zip(&self.left) {
            rest[column] = *left;
        }
        panel.bounds.scale[column] = measure.scale;
        panel.bounds.margin[column] = measure.margin;
        panel.bounds.floor[column] = floor;
        self.len += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn panels(&self) -> &[Panel] {
        &self.panels
    }
}
