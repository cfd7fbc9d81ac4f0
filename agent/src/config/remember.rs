//! `agent.toml` with one setting changed and everything else as its author wrote it.

use toml::de::{DeTable, DeValue};

/// The text with `server` set to these addresses.
pub(crate) fn with_servers(text: &str, addresses: &[String]) -> String {
    let quoted: Vec<_> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
    let setting = match quoted.as_slice() {
        [one] => format!("server = {one}"),
        several => format!("server = [{}]", several.join(", ")),
    };
    let (table, _) = DeTable::parse_recoverable(text);
    let known = table.get_ref().iter().find(|(key, _)| key.get_ref() == "server");
    let Some((key, value)) = known else { return format!("{setting}\n{text}") };
    if matches!(value.get_ref(), DeValue::String(known) if addresses == [known.as_ref()]) {
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
            assert_eq!(with_servers(text, &["b:2".to_owned()]), expected);
        }
        let two = ["b:2", "c:3"].map(str::to_owned);
        assert_eq!(with_servers("server = \"b:2\"\n", &two), "server = [\"b:2\", \"c:3\"]\n");
        let known = "server = [\"b:2\", \"c:3\"] # hai\n";
        assert_eq!(with_servers(known, &two), known);
    }
}
