//! After which stage of a product the first look pays.
//!
//! Where most pairs are hopeless early, an early look saves the rest; where most are not, it is wasted. Neither changes an outcome.

/// Learns from some of the products, which are looked at after every stage.
pub(crate) struct Stages {
    groups: Vec<usize>,
    /// The stage to look after first.
    first: usize,
    /// By stage: how many of the products tried had ended there; the last is those that never did.
    ended: Vec<u32>,
    count: u32,
}

/// How one product is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) first: usize,
    trial: bool,
}

/// One product in so many is a trial.
const TRIALS: u32 = 24;
/// A look costs as much as so many groups of dimensions.
const LOOK: usize = 5;

impl Stages {
    /// For stages that end after so many groups.
    pub(crate) fn new(ends: &[usize]) -> Self {
        Self {
            groups: ends.to_vec(),
            first: ends.len() / 2,
            ended: vec![0; ends.len() + 1],
            count: 0,
        }
    }

    pub(crate) fn plan(&mut self) -> Plan {
        self.count = self.count.wrapping_add(1);
        let trial = self.count % TRIALS == 1;
        Plan {
            first: if trial { 0 } else { self.first },
            trial,
        }
    }

    /// The product ended after `stage`; beyond the last, it never did.
    pub(crate) fn learn(&mut self, plan: Plan, stage: usize) {
        if plan.trial {
            self.ended[stage] += 1;
            let cost = |first: &usize| self.cost(*first);
            self.first = (0..self.groups.len()).min_by_key(cost).unwrap_or(0);
        }
    }

    /// Groups that the products tried would have taken, had the first look been after `first`.
    fn cost(&self, first: usize) -> usize {
        let last = self.groups.len() - 1;
        let of = |(stage, count): (usize, &u32)| {
            let end = stage.clamp(first, last);
            *count as usize * (self.groups[end] + LOOK * (end - first + 1))
        };
        self.ended.iter().enumerate().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(ends_after: impl Fn(u32) -> usize) -> usize {
        let mut stages = Stages::new(&[16, 32, 48, 64]);
        for i in 0..2000 {
            let plan = stages.plan();
            stages.learn(plan, ends_after(i).max(plan.first));
        }
        stages.first
    }

    #[test]
    fn looks_where_it_pays() {
        assert_eq!(learnt(|_| 0), 0);
        assert_eq!(learnt(|_| 2), 2);
        assert_eq!(learnt(|_| 4), 3);
        // Most end after the second, few never.
        assert_eq!(learnt(|i| if i % 100 == 0 { 4 } else { 1 }), 1);
    }
}
