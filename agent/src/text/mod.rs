//! What officers read, in Vietnamese and English: one without the other does not compile.
//!
//! Both stand side by side. Texts are methods of [`Lang`]; one file per place where they are read. Ids,
//! commands and options stand in backticks and are never translated.

mod answer;
mod cell;
mod due;
mod failure;
mod form;
mod help;
mod identity;
mod job;
mod keeping;
mod reading;
mod refusal;

pub(crate) use refusal::{About, Told};

/// A language of the officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// The language of this code: `vi` or `en`.
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Whether an answer to a question means yes, in either language.
    pub(crate) fn means_yes(answer: &str) -> bool {
        ["c", "có", "co", "y", "yes"].contains(&answer.trim().to_lowercase().as_str())
    }

    /// The text of this language.
    pub(crate) fn of(self, text: &tiendo_shared::indicator::Text) -> &str {
        match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        }
    }
}

/// Fixed texts: `name = "tiếng Việt", "English";`
macro_rules! phrases {
    ($($(#[$doc:meta])* $name:ident = $vi:literal, $en:literal;)*) => {
        impl $crate::text::Lang {
            $($(#[$doc])* pub(crate) const fn $name(self) -> &'static str {
                match self {
                    Self::Vi => $vi,
                    Self::En => $en,
                }
            })*
        }
    };
}

/// Texts with values in them: `name(value: type) = "{value} tiếng Việt", "{value} English";`
macro_rules! sentences {
    ($($(#[$doc:meta])* $name:ident($($value:ident: $of:ty),+) = $vi:literal, $en:literal;)*) => {
        impl $crate::text::Lang {
            $($(#[$doc])* pub(crate) fn $name(self, $($value: $of),+) -> String {
                match self {
                    Self::Vi => format!($vi),
                    Self::En => format!($en),
                }
            })*
        }
    };
}

/// One text: `say!(lang, "tiếng Việt", "English")`; values stand in braces.
macro_rules! say {
    ($lang:expr, $vi:literal, $en:literal $(,)?) => {
        match $lang {
            $crate::text::Lang::Vi => format!($vi),
            $crate::text::Lang::En => format!($en),
        }
    };
}

use {phrases, say, sentences};
