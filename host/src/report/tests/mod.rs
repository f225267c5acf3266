//! Tests of the whole report.

mod sample;
