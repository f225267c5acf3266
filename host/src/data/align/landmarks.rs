//! Landmarks by image: a CSV, or CelebA's list.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use ficta_core::{Error, ErrorKind, Result};

use super::Points;
use crate::storage::atomic::io_error;

/// Five points an image, by `person/image.ext` or `image.ext`.
#[derive(Clone, Debug, Default)]
pub struct LandmarkTable {
    points: HashMap<String, Points>,
}

impl LandmarkTable {
    /// Reads a CSV of `path,x1,y1,...,x5,y5` (a heading is allowed), or CelebA's list: a count, a heading, then such rows parted by blanks.
    ///
    /// # Errors
    /// [`ErrorKind::IO`]; a row that is no path with ten numbers, or an image that comes twice, with its line.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| io_error("read", path, &e))?;
        let mut first = Vec::new();
        // CelebA's list begins with a number alone; no more is read than a number can be long.
        BufReader::new(file.take(64))
            .read_until(b'\n', &mut first)
            .map_err(|e| io_error("read", path, &e))?;
        let is_list = std::str::from_utf8(&first).is_ok_and(|line| line.trim().parse::<u64>().is_ok());
        let delimiter = if is_list { b' ' } else { b',' };
        let file = File::open(path).map_err(|e| io_error("read", path, &e))?;
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(BufReader::new(file));
        let mut out = Self::default();
        let mut record = csv::StringRecord::new();
        let mut number = 0usize;
        loop {
            let more = rows.read_record(&mut record).map_err(|e| {
                Error::wrap(
                    ErrorKind::DATA,
                    format!("{} cannot be read as landmarks", path.display()),
                    &e,
                )
            })?;
            if !more {
                break;
            }
            number += 1;
            let fields: Vec<&str> = record
                .iter()
                .map(str::trim)
                .filter(|f| !is_list || !f.is_empty())
                .collect();
            let heading = if is_list {
                number <= 2
            } else {
                number == 1 && fields.get(1).is_some_and(|f| f.parse::<f64>().is_err())
            };
            if !heading {
                let line = record.position().map_or(0, csv::Position::line);
                out.insert(&fields)
                    .map_err(|e| e.context(format!("{}:{line}", path.display())))?;
            }
        }
        Ok(out)
    }

    fn insert(&mut self, fields: &[&str]) -> Result<()> {
        let numbers: Vec<f64> = fields.iter().skip(1).map_while(|f| f.parse().ok()).collect();
        let (Some(name), [a, b, c, d, e, f, g, h, i, j], 11) = (fields.first(), &numbers[..], fields.len()) else {
            return Err(Error::data(format!(
                "expected a path and ten numbers (x and y of left eye, right eye, nose, left and right corner of the mouth), got `{}`",
                fields.join(" ")
            )));
        };
        let points = [[*a, *b], [*c, *d], [*e, *f], [*g, *h], [*i, *j]];
        let name = name.trim_start_matches("./").replace('\\', "/");
        match self.points.insert(name.clone(), points) {
            None => Ok(()),
            Some(_) => Err(Error::data(format!("landmarks of `{name}` come twice"))),
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Landmarks of an image.
    pub fn get(&self, name: &str) -> Option<&Points> {
        self.points.get(name)
    }
}
