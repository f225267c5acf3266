//! A training's curves as TensorBoard's event file: records of a length, the length's checksum, an `Event` message and its checksum.
//!
//! The time of day is left out: a training that was stopped and resumed ends with the same bytes.

use std::path::Path;

use ficta_core::Result;
use prost::Message;

use crate::storage::atomic;

/// TensorBoard looks for `tfevents` in a file's name.
pub const EVENTS: &str = "events.out.tfevents.0.ficta";

/// `tensorflow.Event`, what is used of it.
#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, prost::Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

/// `tensorflow.Summary.Value`.
#[derive(Clone, PartialEq, prost::Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// A value of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The step, from 1.
    pub step: usize,
    /// Its curve.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// Writes one event a step, with each curve's value: `curves` are names and values of steps 1, 2, ...; `points` are values of some steps only.
///
/// # Errors
/// Writing failed.
pub fn write_events(path: &Path, curves: &[(&str, &[f64])], points: &[Point]) -> Result<()> {
    let mut file = Vec::new();
    record(
        &mut file,
        &Event {
            file_version: Some("brain.Event:2".into()),
            ..Event::default()
        },
    );
    let steps = curves.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    for step in 0..steps {
        let value = |(name, values): &(&str, &[f64])| {
            values.get(step).map(|v| Value {
                tag: (*name).into(),
                simple_value: Some(*v as f32),
            })
        };
        let event = Event {
            step: step as i64 + 1,
            summary: Some(Summary {
                value: curves
                    .iter()
                    .filter_map(value)
                    .chain(at_step(points, step + 1))
                    .collect(),
            }),
            ..Event::default()
        };
        record(&mut file, &event);
    }
    atomic::write_bytes(path, &file)
}

fn at_step(points: &[Point], step: usize) -> impl Iterator<Item = Value> {
    points
        .iter()
        .filter(move |point| point.step == step)
        .map(|point| Value {
            tag: point.name.clone(),
            simple_value: Some(point.value as f32),
        })
}

fn record(file: &mut Vec<u8>, event: &Event) {
    let message = event.encode_to_vec();
    let length = (message.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(&length).to_le_bytes());
    file.extend(&message);
    file.extend(masked(&message).to_le_bytes());
}

/// The checksum as TFRecord has it: CRC-32C, rotated, plus a constant.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0x82f6_3b78 & (c & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    /// Written by hand from the format: what TensorBoard's own writer gives for these events, but for the time (`fixtures/events.py`).
    #[test]
    fn files_are_those_of_tensorboard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENTS);
        write_events(&path, &[("loss", &[2.5, 1.25]), ("learning_rate", &[0.1, 0.05])], &[]).unwrap();
        let found = std::fs::read(&path).unwrap();
        assert!(found == include_bytes!("../../tests/fixtures/events.tfevents"));
    }

    /// `fixtures/events_evaluation.tfevents`, by the same script.
    #[test]
    fn values_of_some_steps_stand_with_the_others_of_their_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENTS);
        let point = |name: &str, value| Point {
            step: 2,
            name: name.into(),
            value,
        };
        let points = [point("evaluation/lfw", 0.75), point("evaluation/mean", 0.75)];
        write_events(&path, &[("loss", &[2.5, 1.25])], &points).unwrap();
        let found = std::fs::read(&path).unwrap();
        assert!(found == include_bytes!("../../tests/fixtures/events_evaluation.tfevents"));
    }
}
