//! `cargo xtask setup`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::client::Registries;
use crate::install::{self, Item};
use crate::manifest::State;
use crate::{apt, cache, face_api, libtorch, lock, orl, workspace};

#[derive(clap::Args, Default)]
pub struct Options {
    /// Leave out libtorch (0.5 GB), and with it the plugins that train networks
    #[arg(long)]
    without_libtorch: bool,
}

pub fn command(options: &Options) -> Result<()> {
    run(options).map(|_| ())
}

/// Brings the cache to completeness and returns its folder.
pub fn run(options: &Options) -> Result<PathBuf> {
    let started = Instant::now();
    let cache = cache::open()?;
    let root = workspace::root();
    let own_libtorch = libtorch::of_the_user(&root);
    let with_libtorch = !options.without_libtorch && own_libtorch.is_none();
    let mut items = vec![&orl::ITEM, &face_api::ITEM];
    if with_libtorch {
        apt::require("cc", "gcc")?;
        apt::require("c++", "g++")?;
        items.push(&libtorch::ITEM);
    }

    if missing(&cache, &items)?.is_empty() {
        println!(
            "{}: everything is in place ({:.2} s)",
            cache.display(),
            started.elapsed().as_secs_f64()
        );
    } else {
        let _lock = lock::acquire(&cache)?;
        // Looked at again, because another set-up may have finished meanwhile.
        for (item, state) in missing(&cache, &items)? {
            if let State::Damaged(reason) = state {
                println!(
                    "{} in {} is damaged and is installed again: {reason}",
                    item.name,
                    cache.display()
                );
            }
            install::install(&cache, item, &Registries)?;
        }
        println!(
            "{}: set-up took {:.1} s",
            cache.display(),
            started.elapsed().as_secs_f64()
        );
    }
    match own_libtorch {
        Some(path) => println!("libtorch: {path}, as LIBTORCH says"),
        None if with_libtorch => libtorch::link(&root, &cache)?,
        None => {}
    }
    Ok(cache)
}

fn missing<'a>(cache: &std::path::Path, items: &[&'a Item]) -> Result<Vec<(&'a Item, State)>> {
    let mut found = Vec::new();
    for item in items {
        let state = install::state(cache, item)?;
        if state != State::Intact {
            found.push((*item, state));
        }
    }
    Ok(found)
}
