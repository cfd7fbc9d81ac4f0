//! The program `tiendo-agent`: hands its arguments to the library and ends as it says.

use std::process::ExitCode;

use tiendo_agent::{Console, run};

fn main() -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let console = Console::of_process(env("NO_COLOR").is_some_and(|value| !value.is_empty()));
    // One thread: an agent waits for a file, a disk or the server, never for a processor.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return console.fatal(&error.to_string()),
    };
    runtime.block_on(run(std::env::args_os(), &env, console)).into()
}
