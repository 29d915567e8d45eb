//! JSON documents in one line.

/// JSON without white space between its tokens; the tokens themselves, numbers and the order of fields among them, stay
/// as they are.
#[must_use]
pub fn one_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        if !in_string && character.is_ascii_whitespace() {
            continue;
        }
        in_string ^= character == '"' && !escaped;
        escaped = in_string && character == '\\' && !escaped;
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "{\n  \"b\": [1.0, 2],\t\"a\\\"b \\\\\" : \" x\\n \"\r\n}\n";
        assert_eq!(one_line(json), "{\"b\":[1.0,2],\"a\\\"b \\\\\":\" x\\n \"}");
        assert_eq!(one_line(""), "");
    }
}
