//! What went wrong, as errors that `?` carries: a spec, a run or an index in one function.
//!
//! Always holds: the words name a file by its letter, lines, and headings of the spec, never what a row holds; they are
//! English, and what they stand for has Japanese words too ([`Problem::ja`], [`SpecError`], [`base::Fault::ja`]).
//! Not here: which problems there are (problem, spec); how a command ends (app).
//! Rules come from: docs/rules.md S1 r2 (nothing of a person in an error).

use crate::{engine::Stopped, problem::Problem, source::Closed, spec::SpecError};
use std::{error::Error, fmt};

/// Why something was not done: whatever can go wrong with a spec, a run, a question or an index turns into it.
#[derive(Debug)]
pub enum Failed {
    /// The spec cannot be used.
    Spec(Vec<SpecError>),
    /// A run, a question or the opening of a file ended without a result.
    Stopped(Stopped),
}

impl From<Vec<SpecError>> for Failed {
    fn from(errors: Vec<SpecError>) -> Failed {
        Failed::Spec(errors)
    }
}

impl From<Stopped> for Failed {
    fn from(stopped: Stopped) -> Failed {
        Failed::Stopped(stopped)
    }
}

impl From<Closed> for Failed {
    fn from(closed: Closed) -> Failed {
        Failed::Stopped(closed.into())
    }
}

impl From<Closed> for Stopped {
    fn from(closed: Closed) -> Stopped {
        match closed {
            Ok(problems) => Stopped::Input(problems),
            Err(fault) => Stopped::Broken(fault),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Spec(errors) => {
                listed(f, "the spec cannot be used", errors.iter().map(SpecError::to_string))
            }
            Failed::Stopped(stopped) => stopped.fmt(f),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Told => f.write_str("stopped, as it was told to"),
            Stopped::Input(problems) => {
                listed(f, "the input cannot be used", problems.iter().map(Problem::en))
            }
            Stopped::Broken(fault) => fault.fmt(f),
        }
    }
}

/// All that is wrong, since who mends one thing wants to know of the next.
fn listed(f: &mut fmt::Formatter<'_>, what: &str, all: impl Iterator<Item = String>) -> fmt::Result {
    f.write_str(what)?;
    for (at, one) in all.enumerate() {
        write!(f, "{} {one}", if at == 0 { ':' } else { ';' })?;
    }
    Ok(())
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Failed::Spec(_) => None,
            Failed::Stopped(stopped) => stopped.source(),
        }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Stopped::Told | Stopped::Input(_) => None,
            // The fault's words are this error's, so what comes next is the fault's own cause.
            Stopped::Broken(fault) => fault.source(),
        }
    }
}

impl Error for SpecError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{problem::ProblemCode, spec::Spec};
    use base::Fault;

    #[test]
    fn everything_that_is_wrong_is_said() {
        let missing = |side| Problem::file(side, Some("氏名"), ProblemCode::NoColumn);
        for (failed, begins, ends) in [
            (Stopped::Told, "stopped,", "told to"),
            (
                Stopped::Input(vec![missing('A'), missing('B')]),
                "the input cannot be used: File A, column 氏名",
                "(P103)",
            ),
            (Stopped::Broken(Fault::new("no room")), "no room", "no room"),
        ] {
            let words = Failed::from(failed).to_string();
            assert!(words.starts_with(begins) && words.ends_with(ends), "{words}");
        }
        let both = Stopped::from(Closed::Ok(vec![missing('A'), missing('B')])).to_string();
        assert!(both.contains("; File B, column 氏名"), "{both}");
        assert_eq!(Stopped::from(Closed::Err(Fault::new("no room"))).to_string(), "no room");
    }

    #[test]
    fn one_function_can_fail_in_every_way() {
        let read = |text: &str| -> Result<Spec, Failed> { Ok(Spec::parse(text)?) };
        let words = read("[a]\nnaem = [\"氏名\"]\n").unwrap_err().to_string();
        assert!(words.starts_with("the spec cannot be used: 2行目 (line 2)"), "{words}");
        let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failed = Failed::from(Stopped::from(Fault::caused("no room", cause)));
        assert!(failed.source().is_some_and(|cause| cause.is::<std::io::Error>()));
    }
}
