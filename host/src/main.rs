//! The `ficta` command.

fn main() -> std::process::ExitCode {
    ficta::cli::main()
}
