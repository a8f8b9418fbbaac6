//! What is said of a command line of `shikaku link` that clap refuses, in Japanese: clap's own words are English.
//!
//! Always holds: names of options and commands are quoted, and words that clap knows; of what somebody gave as a value
//! nothing is, unless it looks like the long name of an option.
//! Not here: English, which clap says itself, with what was typed; help, which is English.
//! Rules come from: docs/linkage.md (a clerk is told what is wrong, and what to do).

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use std::{error::Error as _, ffi::OsString};

/// Why a command line was refused. None when it is none of `shikaku link`, or English was asked for, or nothing was refused.
pub fn refused(error: &Error, words: &[OsString]) -> Option<String> {
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let is_english = words.contains(&"--lang=en") || words.windows(2).any(|two| two == ["--lang", "en"]);
    // Before the command only `--config FILE` can stand.
    let behind = match words.first() {
        Some(&"--config") => 2,
        Some(word) if word.starts_with("--config=") => 1,
        _ => 0,
    };
    if words.get(behind) != Some(&"link") || is_english {
        return None;
    }
    let what = what(error)?;
    let usage = all(error, ContextKind::Usage).concat().replace("Usage: ", "使い方：");
    let gap = if usage.is_empty() { "" } else { "\n\n" };
    Some(format!("{what}{gap}{usage}\n\n説明は --help（英語）と docs/linkage.md にあります。"))
}

fn what(error: &Error) -> Option<String> {
    let arg = all(error, ContextKind::InvalidArg).join("、");
    let meant = |kind| match all(error, kind).as_slice() {
        [] => String::new(),
        meant => format!("{} の誤りですか。", meant.join("・")),
    };
    let value = || match all(error, ContextKind::ValidValue).as_slice() {
        [] => String::new(),
        valid => format!("使えるのは {} です。", valid.join("・")),
    };
    Some(match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            format!("指定が足りません：{arg}。これを加えて、もう一度実行してください。")
        }
        ErrorKind::UnknownArgument if arg.starts_with('-') => {
            let option = arg.split('=').next().unwrap_or_default();
            // What does not look like an option's name may be a value that begins with a hyphen, and is not said.
            let is_name = option.strip_prefix("--").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            });
            if !is_name {
                return Some(
                    "指定にない語が - で始まっています。- で始まる値は --key-a=-123 のように = でつないで書きます。"
                        .to_owned(),
                );
            }
            format!("{option} という指定はありません。{}", meant(ContextKind::SuggestedArg))
        }
        // Behind a run's files a further word is taken for a command, which has no option's name.
        ErrorKind::UnknownArgument | ErrorKind::ArgumentConflict if !arg.starts_with(['-', '<']) => {
            "余分な語があります。空白を含むファイル名は \" で囲んでください。".to_owned()
        }
        ErrorKind::InvalidSubcommand => {
            format!("そのコマンドはありません。{}", meant(ContextKind::SuggestedSubcommand))
        }
        ErrorKind::InvalidValue if all(error, ContextKind::InvalidValue).concat().is_empty() => {
            format!("{arg} に値がありません。{}", value())
        }
        ErrorKind::InvalidValue => format!("{arg} の値が違います。{}", value()),
        ErrorKind::ValueValidation => {
            // A size says how it is written, in both languages; a number's words are English.
            let own = error.source().map(ToString::to_string).filter(|own| !own.is_ascii());
            let own = own.as_deref().and_then(|own| own.split(" / ").next());
            let own = own.map_or("使える数は --help に書いてあります。".to_owned(), |own| {
                format!("{own}。")
            });
            format!("{arg} の値が違います。{own}")
        }
        ErrorKind::ArgumentConflict => {
            let prior = all(error, ContextKind::PriorArg).join("、");
            match arg == prior {
                true => format!("{arg} が2回指定されています。1回にしてください。"),
                false => format!("{arg} と {prior} は一緒に指定できません。一方にしてください。"),
            }
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{arg} の値の数が違います。")
        }
        _ => return None,
    })
}

/// What clap knows of an error, without its colours.
fn all(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(several)) => several.clone(),
        Some(ContextValue::StyledStr(styled)) => vec![styled.to_string()],
        Some(ContextValue::StyledStrs(several)) => several.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::LinkArgs, *};
    use clap::{Args, Command};

    #[test]
    fn a_command_line_that_is_refused_is_told_in_japanese() {
        let told = |line: &str| {
            let words: Vec<OsString> = format!("shikaku {line}").split(' ').map(OsString::from).collect();
            let full = Command::new("shikaku")
                .arg(clap::Arg::new("config").long("config"))
                .subcommand(LinkArgs::augment_args(Command::new("link")));
            refused(&full.try_get_matches_from(&words).unwrap_err(), &words)
        };
        let run = "link a.csv b.csv --spec s.toml --out d";
        for (line, want) in [
            ("link a.csv b.csv --spec s.toml", "指定が足りません：--out <DIR>。"),
            ("link a.csv --spec s.toml --out d", "指定が足りません：<B>。"),
            (&format!("{run} --thread 2"), "--thread という指定はありません。--threads の誤りですか。"),
            (&format!("{run} --thraed=山田"), "--thraed という指定はありません。"),
            ("link explain a b --spec s --key-a --山田 --b 1", "指定にない語が - で始まっています。"),
            ("link explain a b --spec s --key-a -12 --b 1", "指定にない語が - で始まっています。"),
            ("link explain a b --spec s --key-a --Yamada --b 1", "指定にない語が - で始まっています。"),
            ("link explain a b --spec s --key-a -Yamada --b 1", "指定にない語が - で始まっています。"),
            ("--config=x link a.csv --spec s.toml --out d", "指定が足りません：<B>。"),
            (&format!("{run} 山田"), "余分な語があります。"),
            (&format!("{run} --memory 500"), "--memory <SIZE> の値が違います。500MB や 3GB のように"),
            (&format!("{run} --threads 300"), "--threads <THREADS> の値が違います。使える数は --help"),
            (&format!("{run} --lang"), "--lang <LANG> に値がありません。使えるのは ja・en です。"),
            (&format!("{run} --lang 山田"), "--lang <LANG> の値が違います。使えるのは ja・en です。"),
            (&format!("{run} --out d"), "--out <DIR> が2回指定されています。"),
            ("link explain a b --spec s --a 2 --key-a 3 --b 1", "--a <LINE> と --key-a <KEY> は一緒に"),
        ] {
            let told = told(line).unwrap_or_default();
            assert!(told.starts_with(want), "{line}: {told}");
            let has_value = told.contains("山田") || told.contains("Yamada");
            assert!(told.contains("--help（英語）") && !has_value, "{line}: {told}");
            let has_usage = told.contains("使い方：shikaku link");
            // Of a value clap does not say how the command is used.
            assert_eq!(has_usage, !told.contains("値が"), "{line}: {told}");
        }
        for line in ["link a.csv --lang en", "link --lang=en a.csv", "link --help", "other link"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
