//! Several processes in one test.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use abi_stable::std_types::{RResult, RStr};

use crate::{Control, Ctx, Device, Error, HostServices, Level, ReduceOp, Result, TensorMut, TensorRef};

/// How long a process waits for the others: one that has failed does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls `work` for each of `count` processes at once, on a thread each, and gives the results by rank. The processes reduce f32 and f64 over shared
/// memory, in the order of the ranks: what a loss of a split head needs. Run seed 0, one thread a process, CPU.
///
/// # Panics
/// Where `work` panics.
pub fn in_processes<T: Send>(count: usize, work: impl Fn(&Ctx<'_>) -> T + Sync) -> Vec<T> {
    with_patience(PATIENCE, count, work)
}

fn with_patience<T: Send>(patience: Duration, count: usize, work: impl Fn(&Ctx<'_>) -> T + Sync) -> Vec<T> {
    let exchange = Exchange {
        size: count,
        patience,
        meeting: Mutex::default(),
        complete: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|rank| {
                let (exchange, work) = (&exchange, &work);
                scope.spawn(move || work(&Ctx::new(&Process { rank, exchange })))
            })
            .collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    })
}

/// Where the processes meet.
struct Exchange {
    size: usize,
    patience: Duration,
    meeting: Mutex<Meeting>,
    complete: Condvar,
}

#[derive(Default)]
struct Meeting {
    /// Exchanges that are complete.
    rounds: u64,
    /// What the processes have brought to the present one.
    brought: Vec<(usize, Vec<f64>)>,
    /// What they brought to the last one, by rank. Kept until all have come to the next: none can miss it.
    last: Vec<Vec<f64>>,
}

impl Exchange {
    /// Everybody's values, by rank.
    fn all(&self, rank: usize, own: Vec<f64>) -> Result<Vec<Vec<f64>>> {
        let mut meeting = self.meeting.lock().unwrap_or_else(PoisonError::into_inner);
        meeting.brought.push((rank, own));
        if meeting.brought.len() == self.size {
            let mut all = std::mem::take(&mut meeting.brought);
            all.sort_by_key(|(rank, _)| *rank);
            meeting.last = all.into_iter().map(|(_, values)| values).collect();
            meeting.rounds += 1;
            self.complete.notify_all();
            return Ok(meeting.last.clone());
        }
        let round = meeting.rounds;
        let (meeting, waited) = self
            .complete
            .wait_timeout_while(meeting, self.patience, |m| m.rounds == round)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Error::backend(format!(
                "process {rank} waited {:?} for the others: {} of {} came",
                self.patience,
                meeting.brought.len(),
                self.size
            ))
            .help(
                "every process calls the same collectives in the same order: look for one that failed or left early",
            ));
        }
        Ok(meeting.last.clone())
    }
}

struct Process<'a> {
    rank: usize,
    exchange: &'a Exchange,
}

impl Process<'_> {
    fn reduce(&self, buffer: &mut TensorMut<'_>, op: ReduceOp) -> Result<()> {
        let own = match buffer.as_slice::<f64>() {
            Ok(values) => values.to_vec(),
            Err(_) => buffer.as_slice::<f32>()?.iter().map(|v| f64::from(*v)).collect(),
        };
        let all = self.exchange.all(self.rank, own)?;
        let combine = |i: usize| {
            let values = all.iter().map(|values| values[i]);
            match op {
                ReduceOp::MAX => values.fold(f64::NEG_INFINITY, f64::max),
                ReduceOp::MIN => values.fold(f64::INFINITY, f64::min),
                _ => values.sum(),
            }
        };
        if all.iter().any(|values| values.len() != buffer.len()) {
            let lengths: Vec<usize> = all.iter().map(Vec::len).collect();
            return Err(Error::shape(format!("all_reduce of {lengths:?} elements, by process")));
        }
        if let Ok(values) = buffer.as_mut_slice::<f64>() {
            values.iter_mut().enumerate().for_each(|(i, v)| *v = combine(i));
        } else {
            let values = buffer.as_mut_slice::<f32>()?;
            values.iter_mut().enumerate().for_each(|(i, v)| *v = combine(i) as f32);
        }
        Ok(())
    }
}

impl HostServices for Process<'_> {
    fn progress(&self, _: u64, _: u64, _: RStr<'_>) -> Control {
        Control::CONTINUE
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, _: Level, _: RStr<'_>) {}
    fn seed(&self) -> u64 {
        0
    }
    fn threads(&self) -> u32 {
        1
    }
    fn device(&self) -> Device {
        Device::CPU
    }
    fn rank(&self) -> u32 {
        self.rank as u32
    }
    fn world_size(&self) -> u32 {
        self.exchange.size as u32
    }
    fn all_reduce(&self, mut buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error> {
        self.reduce(&mut buffer, op).into()
    }
    fn all_gather(&self, _: TensorRef<'_>, _: TensorMut<'_>) -> RResult<(), Error> {
        RResult::RErr(Error::unsupported("processes of a test only reduce: no all_gather"))
    }
    fn broadcast(&self, _: TensorMut<'_>, _: u32) -> RResult<(), Error> {
        RResult::RErr(Error::unsupported("processes of a test only reduce: no broadcast"))
    }
    fn barrier(&self) -> RResult<(), Error> {
        self.exchange.all(self.rank, Vec::new()).map(drop).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_reduce_round_after_round() {
        let results = in_processes(3, |ctx| {
            let (rank, mut found) = (ctx.rank(), Vec::new());
            for (round, op) in [ReduceOp::SUM, ReduceOp::MAX, ReduceOp::MIN].into_iter().enumerate() {
                let own = (rank + 10 * round) as f64;
                let (mut double, mut single) = ([own, -own], [own as f32, 0.5]);
                ctx.all_reduce(TensorMut::new(&mut double, &[2])?, op)?;
                ctx.all_reduce(TensorMut::new(&mut single, &[2])?, op)?;
                ctx.barrier()?;
                found.push((double, single));
            }
            Ok::<_, Error>((rank, ctx.world_size(), found))
        });
        for (rank, result) in results.into_iter().enumerate() {
            let expected = vec![
                ([3.0, -3.0], [3.0, 1.5]),
                ([12.0, -10.0], [12.0, 0.5]),
                ([20.0, -22.0], [20.0, 0.5]),
            ];
            assert_eq!(result.unwrap(), (rank, 3, expected));
        }
    }

    #[test]
    fn a_process_that_leaves_and_other_lengths_are_named() {
        let results = with_patience(Duration::from_millis(50), 2, |ctx| match ctx.rank() {
            0 => ctx.barrier(),
            _ => Ok(()),
        });
        assert!(results[1].is_ok());
        let message = results[0].as_ref().unwrap_err().message();
        assert!(
            message.contains("process 0 waited 50ms for the others: 1 of 2 came"),
            "{message}"
        );
        let results = in_processes(2, |ctx| {
            let mut values = vec![1f64; 1 + ctx.rank()];
            let shape = [values.len()];
            ctx.all_reduce(TensorMut::new(&mut values, &shape)?, ReduceOp::SUM)
        });
        for result in results {
            let error = result.unwrap_err();
            assert!(error.message().contains("all_reduce of [1, 2] elements"), "{error}");
        }
    }
}
