//! What of Azure's answers may be shown.
//!
//! Answers echo what was sent: a VPN connection's PUT returns its `sharedKey` in clear, operation URLs carry signatures in their
//! query, and a proxy's address may carry its password. Error texts are made of such answers.

use super::secret::Secret;

/// Names of fields whose values are not shown, in lower case.
const SENSITIVE: [&str; 5] = ["sharedkey", "secret", "password", "token", "assertion"];

const REDACTED: &str = "(redacted)";

/// The text without values of sensitive fields, queries and user information of addresses.
pub(super) fn text(text: &str) -> String {
    without_sensitive_fields(&without_address_secrets(text))
}

/// The text without a secret that is known, however it is embedded.
pub(super) fn without(text: &str, secret: &Secret) -> String {
    match secret.expose() {
        "" => text.to_owned(),
        secret => text.replace(secret, REDACTED),
    }
}

/// A text of at most `most` characters.
pub(super) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `"sharedKey": "value"`, `client_secret=value`, also in escaped JSON; a mere mention of the word is left alone.
fn without_sensitive_fields(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    let mut from = 0;
    while let Some(after) = next_sensitive_name(&lower, from) {
        from = after;
        if let Some((start, end)) = value_after(text, after) {
            clean.push_str(text.get(done..start).unwrap_or_default());
            clean.push_str(REDACTED);
            (done, from) = (end, end);
        }
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

/// The end of the next sensitive name.
fn next_sensitive_name(lower: &str, from: usize) -> Option<usize> {
    let rest = lower.get(from..)?;
    SENSITIVE
        .iter()
        .filter_map(|name| rest.find(name).map(|found| from + found + name.len()))
        .min()
}

/// Where the value of the field whose name ends at `after` (or goes on, as in `tokenValue`) begins and ends.
fn value_after(text: &str, after: usize) -> Option<(usize, usize)> {
    let tail = text
        .get(after..)?
        .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let tail = tail.trim_start_matches(['"', '\'', '\\']).trim_start();
    let value = tail.strip_prefix([':', '='])?.trim_start();
    let quoted = value.trim_start_matches('\\').strip_prefix(['"', '\'']);
    let value = quoted.unwrap_or(value);
    let end = match quoted {
        Some(_) => value.find(['"', '\'', '\\']),
        None => value.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '}' | ')' | ']')),
    };
    let end = end.unwrap_or(value.len());
    let start = text.len() - value.len();
    (end > 0).then_some((start, start + end))
}

/// Addresses without what stands before `@` and after `?`.
fn without_address_secrets(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '>' | '`');
        let (address, tail) = after
            .split_at_checked(after.find(ends).unwrap_or(after.len()))
            .unwrap_or((after, ""));
        let (place, query) = address
            .split_once('?')
            .map_or((address, None), |(place, query)| (place, Some(query)));
        let (host, path) = place
            .split_once('/')
            .map_or((place, None), |(host, path)| (host, Some(path)));
        clean.push_str(before);
        clean.push_str("://");
        match host.rsplit_once('@') {
            Some((_, host)) => clean.extend([REDACTED, "@", host]),
            None => clean.push_str(host),
        }
        clean.extend(path.into_iter().flat_map(|path| ["/", path]));
        clean.extend(query.into_iter().flat_map(|_| ["?", REDACTED]));
        rest = tail;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_sensitive_fields_are_removed_and_nothing_else() {
        for (given, shown) in [
            (
                r#"{"sharedKey":"abc","name":"x"}"#,
                r#"{"sharedKey":"(redacted)","name":"x"}"#,
            ),
            (
                r#"body {\"sharedKey\": \"abc\"}"#,
                r#"body {\"sharedKey\": \"(redacted)\"}"#,
            ),
            ("client_secret=abc&client_id=x", "client_secret=(redacted)&client_id=x"),
            (
                "secretText: abc, tokenValue = def",
                "secretText: (redacted), tokenValue = (redacted)",
            ),
            (
                "Invalid client secret provided. Ensure the secret being sent",
                "Invalid client secret provided. Ensure the secret being sent",
            ),
            ("password:", "password:"),
            ("PASSWORD='é'", "PASSWORD='(redacted)'"),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    #[test]
    fn addresses_lose_query_and_password() {
        for (given, shown) in [
            (
                "for url (https://h/p?api-version=1&s=sig): x",
                "for url (https://h/p?(redacted)): x",
            ),
            (
                "proxy http://me:pw@proxy:3128 refused",
                "proxy http://(redacted)@proxy:3128 refused",
            ),
            (
                "https://me:pw@h/p?q and https://h/p",
                "https://(redacted)@h/p?(redacted) and https://h/p",
            ),
            ("see https://aka.ms/x.", "see https://aka.ms/x."),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shorten("ééé", 2), "éé…");
        assert_eq!(shorten("éé", 2), "éé");
    }
}
