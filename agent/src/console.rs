//! Where a command reads from and writes to; knows whether people or programs read it.

use std::io::{self, BufRead, IsTerminal as _, Read, Write};

use crate::text::Lang;

/// Narrower terminals are written as if they had this many columns.
const NARROWEST: u16 = 60;

/// Columns of text that goes to a file or a pipe.
const PLAIN_WIDTH: u16 = 200;

/// The two streams a command writes and the one it may read.
///
/// People read `out` and `err`, unless `json` is set: then `out` takes one JSON
/// document. A reader that went away is no failure of the command.
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties of three streams, none implies another"
)]
pub struct Console {
    /// What was asked for.
    pub(crate) out: Box<dyn Write>,
    /// Warnings, progress, failures.
    pub(crate) err: Box<dyn Write>,
    /// Where answers come from; none if nobody can be asked.
    pub(crate) answers: Option<Box<dyn BufRead>>,
    /// Where programs write what people would be asked for.
    pub(crate) input: Box<dyn Read>,
    /// Whether a person types what `input` brings.
    pub(crate) typed: bool,
    /// Whether people see `out` on a terminal.
    pub(crate) terminal: bool,
    /// Whether `out` shows colours.
    pub(crate) colours: bool,
    /// Whether a progress bar may be drawn on the real stderr.
    pub(crate) progress: bool,
    /// Columns of `out`.
    pub(crate) width: u16,
    /// Language of what people read.
    pub(crate) lang: Lang,
    /// Whether `out` takes one JSON document.
    pub(crate) json: bool,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Console({:?}, {} columns)", self.lang, self.width)
    }
}

/// How a line is shown where there are colours.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    /// Went well.
    Good,
    /// Wants attention.
    Warn,
    /// Went wrong.
    Bad,
}

impl Tone {
    /// The text in the colour of the tone.
    pub(crate) fn paint(self, text: &str) -> String {
        let colour = match self {
            Self::Good => 32,
            Self::Warn => 33,
            Self::Bad => 31,
        };
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    }
}

impl Console {
    /// The console of this process. `no_colour` is whether the user wants none.
    pub fn of_process(no_colour: bool) -> Self {
        let (out, err, input) = (io::stdout(), io::stderr(), io::stdin());
        let terminal = out.is_terminal();
        let width = terminal.then(|| console::Term::stdout().size().1).map(|w| w.max(NARROWEST));
        Self {
            terminal,
            colours: terminal && !no_colour,
            progress: err.is_terminal(),
            width: width.unwrap_or(PLAIN_WIDTH),
            answers: (terminal && input.is_terminal())
                .then(|| Box::new(io::BufReader::new(io::stdin())) as Box<dyn BufRead>),
            typed: input.is_terminal(),
            input: Box::new(input),
            out: Box::new(out),
            err: Box::new(err),
            lang: Lang::Vi,
            json: false,
        }
    }

    /// A console for programs that run a command in their own process: plain text, no questions.
    pub fn plain(out: impl Write + 'static, err: impl Write + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            answers: None,
            input: Box::new(io::empty()),
            typed: false,
            terminal: false,
            colours: false,
            progress: false,
            width: PLAIN_WIDTH,
            lang: Lang::Vi,
            json: false,
        }
    }

    /// Ends a process that could not even begin.
    pub fn fatal(mut self, cause: &str) -> std::process::ExitCode {
        self.note(cause);
        crate::exit::Exit::Failed.into()
    }

    /// A line of the answer, for people only.
    pub(crate) fn line(&mut self, text: &str) {
        if !self.json {
            put(&mut self.out, text);
        }
    }

    /// A line of the answer, for people only, in colour where there are colours.
    pub(crate) fn toned(&mut self, tone: Tone, text: &str) {
        if self.colours {
            self.line(&tone.paint(text));
        } else {
            self.line(text);
        }
    }

    /// A line beside the answer, for people whatever reads the answer.
    pub(crate) fn note(&mut self, text: &str) {
        put(&mut self.err, text);
    }

    /// The answer for programs; nothing unless `json` is set.
    pub(crate) fn document(&mut self, document: &impl serde::Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(document).unwrap_or_else(|error| {
                format!("{{\"error\": \"cannot write this answer as JSON: {error}\"}}")
            });
            put(&mut self.out, &text);
        }
    }

    /// Asks a question that is answered with yes or no; none if nobody can be asked.
    pub(crate) fn ask(&mut self, question: &str) -> Option<bool> {
        let answers = self.answers.as_mut().filter(|_| !self.json)?;
        if write!(self.err, "{question} ").and_then(|()| self.err.flush()).is_err() {
            return None;
        }
        let mut answer = String::new();
        answers.read_line(&mut answer).ok()?;
        Some(Lang::means_yes(&answer))
    }

    /// A secret: a line of a person, which the terminal does not show, or all that a
    /// program wrote, up to `most` bytes. Empty if there is no more.
    pub(crate) fn secret(&mut self, question: &str, most: u64) -> io::Result<String> {
        if self.typed {
            write!(self.err, "{question} ").and_then(|()| self.err.flush())?;
            return console::Term::stderr().read_secure_line();
        }
        io::read_to_string((&mut self.input).take(most))
    }
}

fn put(stream: &mut dyn Write, text: &str) {
    // `tiendo-agent … | head` closes the pipe; the figures are sent all the same.
    if let Err(error) = writeln!(stream, "{text}").and_then(|()| stream.flush()) {
        tracing::debug!("nobody reads the output: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn programs_get_one_document_and_no_lines() {
        let (out, err) = (Shared::default(), Shared::default());
        let mut console = Console::plain(out.clone(), err.clone());
        console.json = true;
        console.line("xin chào");
        console.toned(Tone::Bad, "xin chào");
        console.note("chú ý");
        console.document(&serde_json::json!({"rows": 1}));
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["rows"], 1);
        assert_eq!(*err.0.lock().unwrap(), "chú ý\n".as_bytes());
    }

    #[test]
    fn a_secret_comes_from_a_program_whole_but_not_without_end() {
        let mut console = Console::plain(Shared::default(), Shared::default());
        assert_eq!(console.secret("?", 100).unwrap(), "");
        console.input = Box::new(Cursor::new("a\nb\n"));
        assert_eq!(console.secret("?", 100).unwrap(), "a\nb\n");
        console.input = Box::new(Cursor::new("x".repeat(1_000)));
        assert_eq!(console.secret("?", 100).unwrap().len(), 100);
    }

    #[test]
    fn nobody_is_asked_where_nobody_answers() {
        let mut console = Console::plain(Shared::default(), Shared::default());
        assert_eq!(console.ask("?"), None);
        for (answer, expected) in [("c\n", true), ("Có\n", true), ("\n", false), ("k\n", false)] {
            console.answers = Some(Box::new(Cursor::new(answer)));
            assert_eq!(console.ask("?"), Some(expected), "{answer}");
        }
    }
}
