//! Who wants exact cosines, and of which pairs.

use crate::{
    metric::{Measure, Side},
    rows::Rows,
    scan::Visitor,
};

/// Wants the exact cosines of one candidate with others, as far as they matter.
pub(crate) trait Seeker: Send {
    /// Pairs whose cosine is below this do not matter, or not any more.
    fn floor(&self) -> f64;

    /// There is a pair whose cosine is at least this; it will be met if it matters.
    fn expect(&mut self, cosine: f64) {
        let _ = cosine;
    }

    /// The cosine with row `index` of the others. Pairs come in any order, and some come twice.
    fn meet(&mut self, index: usize, cosine: f64);
}

/// A row and its similarity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) score: f64,
    pub(crate) cosine: f64,
    pub(crate) index: usize,
}

/// Looks for the row with the largest score beyond a limit; of equals, for the lowest index.
#[derive(Clone)]
pub(crate) struct Nearest<'m> {
    measure: &'m Measure<'m>,
    candidate: usize,
    side: Side,
    limit: f64,
    floor: f64,
    best: Option<Match>,
}

impl<'m> Nearest<'m> {
    /// Scores up to `limit` do not count.
    pub(crate) fn new(measure: &'m Measure<'m>, candidate: usize, side: Side, limit: f64) -> Self {
        Self {
            measure,
            candidate,
            side,
            limit,
            floor: measure.floor(candidate, side, limit),
            best: None,
        }
    }

    pub(crate) fn best(&self) -> Option<Match> {
        self.best
    }
}

impl Seeker for Nearest<'_> {
    fn floor(&self) -> f64 {
        self.floor
    }

    fn expect(&mut self, cosine: f64) {
        if self.measure.is_cosine() {
            self.floor = self.floor.max(cosine);
        }
    }

    fn meet(&mut self, index: usize, cosine: f64) {
        let score = self.measure.score(self.candidate, self.side, index, cosine);
        let ahead = match &self.best {
            None => score > self.limit,
            Some(best) => score > best.score || score == best.score && index < best.index,
        };
        if ahead {
            self.floor = self.floor.max(self.measure.floor(self.candidate, self.side, score));
            self.best = Some(Match { score, cosine, index });
        }
    }
}

/// Turns what a scan estimates into exact cosines for a seeker, the most promising first.
pub(crate) struct Exact<'a, S> {
    rows: &'a Rows<'a>,
    row: usize,
    others: &'a Rows<'a>,
    /// The row of each column; `None` where they are the same.
    row_of: Option<&'a [usize]>,
    seeker: &'a mut S,
    pending: Vec<(f32, usize)>,
}

/// Pairs that wait until one among them has raised the floor.
const PENDING: usize = 24;

impl<'a, S: Seeker> Exact<'a, S> {
    pub(crate) fn new(
        rows: &'a Rows<'a>,
        row: usize,
        others: &'a Rows<'a>,
        row_of: Option<&'a [usize]>,
        seeker: &'a mut S,
    ) -> Self {
        Self {
            rows,
            row,
            others,
            row_of,
            seeker,
            pending: Vec::new(),
        }
    }

    /// To be called after the last visit.
    pub(crate) fn flush(&mut self) {
        self.pending
            .sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (upper, index) in self.pending.drain(..) {
            if f64::from(upper) < self.seeker.floor() {
                break;
            }
            self.seeker.meet(index, self.rows.cosine(self.row, self.others, index));
        }
    }
}

impl<S: Seeker> Visitor for Exact<'_, S> {
    fn floor(&self) -> f32 {
        (self.seeker.floor() as f32).next_down()
    }

    fn visit(&mut self, column: usize, lower: f32, upper: f32) {
        self.seeker.expect(f64::from(lower));
        let index = self.row_of.map_or(column, |row_of| row_of[column]);
        self.pending.push((upper, index));
        if self.pending.len() == PENDING {
            self.flush();
        }
    }
}
