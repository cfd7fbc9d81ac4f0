//! `agent.toml` with one setting changed and everything else as its author wrote it.

use toml::de::{DeTable, DeValue};

/// The text with `server` set to this address.
pub(crate) fn with_server(text: &str, address: &str) -> String {
    let setting = format!("server = \"{address}\"");
    let (table, _) = DeTable::parse_recoverable(text);
    let known = table.get_ref().iter().find(|(key, _)| key.get_ref() == "server");
    let Some((key, value)) = known else { return format!("{setting}\n{text}") };
    if matches!(value.get_ref(), DeValue::String(known) if known == address) {
        return text.to_owned();
    }
    let (before, after) = (&text[..key.span().start], &text[value.span().end..]);
    format!("{before}{setting}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_changes() {
        for (text, expected) in [
            ("", "server = \"b:2\"\n"),
            ("lang = \"en\"\n", "server = \"b:2\"\nlang = \"en\"\n"),
            ("server = \"b:2\" # ours\n", "server = \"b:2\" # ours\n"),
            ("server=\"a:1\" # ours\nlang = \"en\"", "server = \"b:2\" # ours\nlang = \"en\""),
            ("# máy\n\"server\" = 'a:1'\r\n[[job]]\n", "# máy\nserver = \"b:2\"\r\n[[job]]\n"),
            ("[[job]]\nserver = 1\n", "server = \"b:2\"\n[[job]]\nserver = 1\n"),
        ] {
            assert_eq!(with_server(text, "b:2"), expected);
        }
    }
}
