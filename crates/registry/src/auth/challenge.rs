//! What a server wants: `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The scheme, in lower case.
    pub(crate) scheme: String,
    /// Its parameters, names in lower case. The first of a name counts.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter that is not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// The challenges of all `WWW-Authenticate` headers. Each header can have several, and commas stand between challenges as
/// well as between parameters: a word is a scheme when no `=` follows it. What does not fit the grammar ends its header.
pub(crate) fn challenges<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    headers.flat_map(|header| Reader(header).all()).collect()
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn all(mut self) -> Vec<Challenge> {
        let mut found: Vec<Challenge> = Vec::new();
        loop {
            self.skip(&[' ', '\t', ',']);
            let word = self.token();
            if word.is_empty() {
                return found;
            }
            let before = self.0;
            self.skip(&[' ', '\t']);
            match (self.0.strip_prefix('='), found.last_mut()) {
                (Some(rest), Some(challenge)) => {
                    self.0 = rest;
                    self.skip(&[' ', '\t']);
                    let Some(value) = self.value() else {
                        return found;
                    };
                    challenge
                        .parameters
                        .push((word.to_ascii_lowercase(), value));
                }
                (Some(_), None) => return found,
                (None, _) => {
                    self.0 = before;
                    found.push(Challenge {
                        scheme: word.to_ascii_lowercase(),
                        parameters: Vec::new(),
                    });
                }
            }
        }
    }

    fn skip(&mut self, characters: &[char]) {
        self.0 = self.0.trim_start_matches(characters);
    }

    fn token(&mut self) -> &'a str {
        let end = self
            .0
            .find(|character: char| !is_token(character))
            .unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        token
    }

    /// A token or a quoted string; `None` when it is neither.
    fn value(&mut self) -> Option<String> {
        let Some(quoted) = self.0.strip_prefix('"') else {
            // Some registries do not quote what needs quotes (`realm=https://…`).
            let end = self.0.find([',', ' ', '\t']).unwrap_or(self.0.len());
            let (value, rest) = self.0.split_at(end);
            self.0 = rest;
            return Some(value.to_owned());
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = quoted.get(index.saturating_add(1)..).unwrap_or_default();
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                _ => value.push(character),
            }
        }
        None
    }
}

/// `tchar` (RFC 9110, section 5.6.2).
fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(header: &str) -> Vec<(String, Vec<(String, String)>)> {
        challenges([header].into_iter())
            .into_iter()
            .map(|challenge| (challenge.scheme, challenge.parameters))
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        assert_eq!(
            read(
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#
            ),
            [(
                "bearer".to_owned(),
                pairs(&[
                    ("realm", "https://auth.docker.io/token"),
                    ("service", "registry.docker.io"),
                    ("scope", "repository:library/nginx:pull"),
                ])
            )]
        );
        assert_eq!(
            read(
                "Basic realm=\"a \\\"b\\\", c\" , BEARER Realm = https://x.example/t,scope=\"a,b\""
            ),
            [
                ("basic".to_owned(), pairs(&[("realm", "a \"b\", c")])),
                (
                    "bearer".to_owned(),
                    pairs(&[("realm", "https://x.example/t"), ("scope", "a,b")])
                ),
            ]
        );
        assert_eq!(
            read("Negotiate, NTLM"),
            [
                ("negotiate".to_owned(), Vec::new()),
                ("ntlm".to_owned(), Vec::new())
            ]
        );
    }

    #[test]
    fn broken_headers_give_what_came_before() {
        assert_eq!(read(""), []);
        assert_eq!(read("=x"), []);
        assert_eq!(read("realm=\"x\""), []);
        assert_eq!(
            read("Bearer realm=\"https://x.example"),
            [("bearer".to_owned(), Vec::new())]
        );
        assert_eq!(read("\"Bearer\""), []);
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let found = challenges(["Bearer realm=\"a\",realm=\"b\",service=\"\""].into_iter());
        assert_eq!(found.first().unwrap().parameter("realm"), Some("a"));
        assert_eq!(found.first().unwrap().parameter("service"), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_an_end(header in "\\PC{0,80}") {
            let _ = challenges([header.as_str()].into_iter());
        }

        #[test]
        fn quoted_values_come_back(value in "[ -~]{0,40}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let found = read(&format!("Bearer realm=\"{quoted}\", service=x"));
            prop_assert_eq!(
                found,
                vec![("bearer".to_owned(), pairs(&[("realm", &value), ("service", "x")]))]
            );
        }
    }
}
