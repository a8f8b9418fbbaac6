//! How a command of `shikaku link` ends when it does not come to its end, in the words of who gave it.
//!
//! Always holds: in Japanese every ending has Japanese words, what the machine says for its part included; nothing of a
//! row is in any of them.
//! Not here: problems of files and specs, which have words of their own (`linkage`).
//! Rules come from: docs/linkage.md (what a clerk is told, and what to do then).

use base::{Error, Fault, Lang};
use linkage::Stopped;
use std::{error::Error as _, io, path::Path};

/// Why a command did not come to its end.
pub(super) enum Ended {
    Told,
    /// What is wrong with a spec or a file, in sentences.
    Input(Vec<String>),
    /// Something that a sentence of ours says, in the language asked for.
    Said(String),
    /// Something of the machine.
    Broken(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Ended {
        Ended::Broken(fault)
    }
}

impl Ended {
    pub fn of(stopped: Stopped, lang: Lang) -> Ended {
        match stopped {
            Stopped::Told => Ended::Told,
            Stopped::Input(problems) => Ended::problems(&problems, lang),
            Stopped::Broken(fault) => Ended::Broken(fault),
        }
    }

    /// A file that cannot be opened.
    pub fn closed(closed: linkage::Closed, lang: Lang) -> Ended {
        match closed {
            Ok(problems) => Ended::problems(&problems, lang),
            Err(fault) => Ended::Broken(fault),
        }
    }

    fn problems(problems: &[linkage::Problem], lang: Lang) -> Ended {
        let text = |problem: &linkage::Problem| match lang {
            Lang::Ja => problem.ja(),
            Lang::En => problem.en(),
        };
        Ended::Input(problems.iter().map(text).collect())
    }
}

/// A fault as an error of the command line.
pub(super) fn told(fault: Fault, lang: Lang) -> Error {
    match lang {
        Lang::En => fault.into(),
        Lang::Ja => Error::broken(in_japanese(&fault)),
    }
}

/// A fault that has no Japanese words is one that no clerk can do more about than this.
const BROKEN: &str =
    "処理を続けられませんでした。ディスクの空きと、出力先に書き込む権限を確かめ、もう一度実行してください。";

fn in_japanese(fault: &Fault) -> String {
    let cause = fault.source().map(cause);
    let words = fault.to_string();
    match (fault.ja(), cause) {
        (Some(ja), None) => ja.to_owned(),
        (Some(ja), Some(cause)) => format!("{ja}（原因：{cause}）"),
        (None, None) => format!("{BROKEN}（技術者向けの説明：{words}）"),
        (None, Some(cause)) => format!("{BROKEN}（原因：{cause}。技術者向けの説明：{words}）"),
    }
}

/// The system's own words are English: what usually happens has a kind.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    use io::ErrorKind::{
        AlreadyExists, FileTooLarge, IsADirectory, NotADirectory, NotFound, OutOfMemory, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let words = error.downcast_ref::<io::Error>().and_then(|error| match error.kind() {
        NotFound => Some("その名前のファイルやフォルダーがありません"),
        PermissionDenied => Some("権限がありません"),
        StorageFull => Some("ディスクに空きがありません"),
        QuotaExceeded => Some("使えるディスクの割り当てを超えました"),
        FileTooLarge => Some("ファイルが大きすぎます"),
        ReadOnlyFilesystem => Some("書き込めないディスクです"),
        IsADirectory => Some("フォルダーです"),
        NotADirectory => Some("途中の名前がフォルダーではありません"),
        AlreadyExists => Some("同じ名前のものがすでにあります"),
        OutOfMemory => Some("メモリーが足りません"),
        _ => None,
    });
    words.map_or_else(|| format!("システムの表示 {error}"), str::to_owned)
}

/// What is said when somebody stopped a command: a run into `out`, or a question. A small run keeps nothing.
pub(super) fn stopped(out: Option<&Path>, lang: Lang) -> &str {
    match out {
        None => lang.pick("止めました。", "stopped"),
        Some(out) if out.join(linkage::WORK_FOLDER).exists() => lang.pick(
            "止めました。同じコマンドをもう一度実行すると、読み終えたところから続けます。",
            "stopped; the same command goes on behind what was read",
        ),
        Some(_) => lang.pick(
            "止めました。何も残していません。同じコマンドをもう一度実行すると、初めから行います。",
            "stopped, and nothing was kept; the same command begins anew",
        ),
    }
}

/// Whether the reader of a pipe went away, who has seen enough: no fault of anybody.
pub(super) fn is_unheard(fault: &Fault) -> bool {
    let error = fault.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_in_japanese_with_their_cause() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        for (fault, want) in [
            (Fault::new("x").in_japanese("止まりました。"), "止まりました。".to_owned()),
            (
                Fault::caused("x", full()).in_japanese("書けません。"),
                "書けません。（原因：ディスクに空きがありません）".to_owned(),
            ),
            (Fault::new("a chunk is gone"), format!("{BROKEN}（技術者向けの説明：a chunk is gone）")),
            (
                Fault::caused("cannot lock", full()),
                format!("{BROKEN}（原因：ディスクに空きがありません。技術者向けの説明：cannot lock）"),
            ),
        ] {
            let english = fault.to_string();
            assert_eq!(in_japanese(&fault), want);
            assert_eq!(told(fault, Lang::En).to_string(), english);
        }
        assert!(is_unheard(&Fault::caused("x", io::Error::from(io::ErrorKind::BrokenPipe))));
        assert!(!is_unheard(&Fault::caused("x", full())) && !is_unheard(&Fault::new("x")));
    }
}
