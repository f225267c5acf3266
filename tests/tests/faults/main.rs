//! Wrong input, full disks, broken libraries: each is refused with its reason and leaves earlier results as they were.

mod busy;
mod config;
mod data;
mod disk;
mod libraries;
mod numbers;
mod outputs;

use ficta_tests::{
    command::Finished,
    product,
    records::{Hashes, differences, results},
    smoke::Smoke,
};

/// A smoke run that has come as far as `select`, so that there is something to lose.
struct Begun {
    smoke: Smoke,
    before: Hashes,
}

impl Begun {
    fn new() -> Self {
        let smoke = Smoke::new();
        smoke.run(&["--until", "select"]).succeeded();
        let before = results(&smoke.out());
        assert!(before.contains_key("select/midpoint/stage.json"));
        Self { smoke, before }
    }

    /// Runs with these arguments and asserts that it is refused with `code` and `parts`, that the message is the stored one, and that
    /// everything from before is still there and nothing else.
    #[track_caller]
    fn refuses(&self, name: &str, arguments: &[&str], code: i32, parts: &[&str]) {
        self.fails_later(name, arguments, code, parts);
        let changed = differences(&self.before, &results(&self.smoke.out()));
        assert!(changed.is_empty(), "earlier results are not as they were: {changed:?}");
    }

    /// The same for an error that comes up in a later stage: stages between may have left their results.
    #[track_caller]
    fn fails_later(&self, name: &str, arguments: &[&str], code: i32, parts: &[&str]) {
        let finished = self.smoke.run(arguments).refused(code, parts);
        insta::assert_snapshot!(name, self.portable(&finished));
        let after = results(&self.smoke.out());
        let lost = differences(&self.before, &after);
        let lost: Vec<_> = lost.iter().filter(|file| self.before.contains_key(*file)).collect();
        assert!(lost.is_empty(), "earlier results are not as they were: {lost:?}");
    }

    /// The error without what differs from machine to machine.
    fn portable(&self, finished: &Finished) -> String {
        let replaced = |text: String, from: &std::path::Path, to| text.replace(&*from.to_string_lossy(), to);
        let text = replaced(finished.error().to_owned(), self.smoke.folder(), "[FOLDER]");
        replaced(text, &product::plugins(), "[PLUGINS]")
    }
}
