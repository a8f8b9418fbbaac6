//! The two languages of the kiosk, Japanese first.
//!
//! Always holds: an unknown language is Japanese.
//! Not here: the texts (`screens.rs`, `pages.rs`, and those that the server sends).
//! Rules come from: the design, "Languages".

use serde::{Deserialize, Serialize};

/// A language of the kiosk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The one of two that is in this language.
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    /// The word of the `lang` attribute.
    pub fn word(self) -> &'static str {
        self.pick("ja", "en")
    }

    /// The other one.
    pub fn other(self) -> Lang {
        self.pick(Lang::En, Lang::Ja)
    }

    /// By its word.
    pub fn of(word: &str) -> Lang {
        if word == "en" { Lang::En } else { Lang::Ja }
    }
}

/// A text in both languages, as the server sends it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Japanese.
    #[serde(default)]
    pub ja: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

impl Words {
    /// In a language.
    pub fn pick(&self, lang: Lang) -> &str {
        lang.pick(&self.ja, &self.en)
    }
}

impl From<(&str, &str)> for Words {
    fn from((ja, en): (&str, &str)) -> Words {
        Words { ja: ja.to_owned(), en: en.to_owned() }
    }
}

impl std::fmt::Debug for Words {
    /// Tells nothing: the text may be about somebody.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}
