//! Which redirects are followed.

use std::fmt;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, RANGE, USER_AGENT};
use reqwest::{Method, Url};

/// Redirects followed in one request; curl allows 50 and browsers 20, but no server we ask needs more than three.
pub const MAX_REDIRECTS: usize = 5;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectRefusal {
    /// There were [`MAX_REDIRECTS`] already.
    TooMany,
    /// It leads back to where we were.
    Loop,
    /// It leads from https to http.
    Downgrade,
    /// It leads to something that is neither https nor http.
    Scheme,
    /// Its URL carries credentials.
    Credentials,
    /// It has no `Location`, or one that is not a URL.
    Location,
    /// It would turn a POST or a PUT into a GET (301, 302, 303).
    PostToGet,
    /// It would repeat a POST or a PUT to another origin.
    PostElsewhere,
}

impl fmt::Display for RedirectRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "there were {MAX_REDIRECTS} redirects already"),
            Self::Loop => f.write_str("it leads back to an address already visited"),
            Self::Downgrade => f.write_str("it leads from https to http"),
            Self::Scheme => f.write_str("it leads to something that is neither https nor http"),
            Self::Credentials => f.write_str("its address carries credentials"),
            Self::Location => f.write_str("its Location header is missing or not a URL"),
            Self::PostToGet => f.write_str("it would turn a POST into a GET"),
            Self::PostElsewhere => {
                f.write_str("it would send the body of a POST to another origin")
            }
        }
    }
}

/// Whether a status is a redirect with a `Location` to go to.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where to go next, or why not. `visited` are the URLs asked so far, the one that answered last.
pub(crate) fn next_url(
    method: &Method,
    status: u16,
    location: Option<&str>,
    visited: &[Url],
) -> Result<Url, RedirectRefusal> {
    let from = visited.last().ok_or(RedirectRefusal::Location)?;
    let location = location.ok_or(RedirectRefusal::Location)?;
    let mut next = from.join(location).map_err(|_| RedirectRefusal::Location)?;
    next.set_fragment(None);
    if visited.len() > MAX_REDIRECTS {
        return Err(RedirectRefusal::TooMany);
    }
    if visited.contains(&next) {
        return Err(RedirectRefusal::Loop);
    }
    match (from.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => {}
        (_, "http") => return Err(RedirectRefusal::Downgrade),
        _ => return Err(RedirectRefusal::Scheme),
    }
    if !next.username().is_empty() || next.password().is_some() {
        return Err(RedirectRefusal::Credentials);
    }
    if matches!(*method, Method::POST | Method::PUT) {
        if !matches!(status, 307 | 308) {
            return Err(RedirectRefusal::PostToGet);
        }
        if from.origin() != next.origin() {
            return Err(RedirectRefusal::PostElsewhere);
        }
    }
    Ok(next)
}

/// The headers that may travel to another origin. A list of what is harmless, because nobody can list what is secret
/// (`Authorization` and `Cookie` are, and so is any `X-…-Token`).
pub(crate) fn headers_for_another_origin(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in [ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RANGE, USER_AGENT] {
        for value in headers.get_all(&name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(
        method: Method,
        status: u16,
        from: &str,
        location: &str,
    ) -> Result<String, RedirectRefusal> {
        let visited = [Url::parse(from).unwrap()];
        next_url(&method, status, Some(location), &visited).map(String::from)
    }

    #[test]
    fn relative_and_absolute_locations_are_followed() {
        assert_eq!(
            follow(Method::GET, 302, "https://a.example/x/y", "../z?q=1#f"),
            Ok("https://a.example/z?q=1".into())
        );
        assert_eq!(
            follow(Method::GET, 307, "https://a.example/x", "//b.example/y"),
            Ok("https://b.example/y".into())
        );
        assert_eq!(
            follow(
                Method::GET,
                301,
                "http://a.example/x",
                "https://a.example/x"
            ),
            Ok("https://a.example/x".into())
        );
    }

    #[test]
    fn https_to_http_is_refused() {
        assert_eq!(
            follow(Method::GET, 302, "https://a.example/", "http://a.example/x"),
            Err(RedirectRefusal::Downgrade)
        );
        assert_eq!(
            follow(Method::HEAD, 308, "https://a.example/", "HTTP://127.0.0.1/"),
            Err(RedirectRefusal::Downgrade)
        );
    }

    #[test]
    fn other_schemes_credentials_and_nonsense_are_refused() {
        for scheme in [
            "file:///etc/passwd",
            "data:text/plain,x",
            "ftp://a.example/",
        ] {
            assert_eq!(
                follow(Method::GET, 302, "http://a.example/", scheme),
                Err(RedirectRefusal::Scheme)
            );
        }
        assert_eq!(
            follow(
                Method::GET,
                302,
                "https://a.example/",
                "https://u:p@a.example/"
            ),
            Err(RedirectRefusal::Credentials)
        );
        assert_eq!(
            follow(Method::GET, 302, "https://a.example/", "https://["),
            Err(RedirectRefusal::Location)
        );
        let visited = [Url::parse("https://a.example/").unwrap()];
        assert_eq!(
            next_url(&Method::GET, 302, None, &visited),
            Err(RedirectRefusal::Location)
        );
    }

    #[test]
    fn a_post_is_repeated_only_where_it_was_meant_for() {
        assert_eq!(
            follow(Method::POST, 308, "https://a.example/x", "/y"),
            Ok("https://a.example/y".into())
        );
        for method in [Method::POST, Method::PUT] {
            assert_eq!(
                follow(method, 302, "https://a.example/x", "/y"),
                Err(RedirectRefusal::PostToGet)
            );
        }
        assert_eq!(
            follow(
                Method::POST,
                307,
                "https://a.example/x",
                "https://b.example/x"
            ),
            Err(RedirectRefusal::PostElsewhere)
        );
    }

    #[test]
    fn loops_and_long_chains_end() {
        let visited =
            ["https://a.example/1", "https://a.example/2"].map(|url| Url::parse(url).unwrap());
        assert_eq!(
            next_url(&Method::GET, 302, Some("/1"), &visited),
            Err(RedirectRefusal::Loop)
        );
        let long: Vec<Url> = (0..=MAX_REDIRECTS)
            .map(|hop| Url::parse(&format!("https://a.example/{hop}")).unwrap())
            .collect();
        assert_eq!(
            next_url(&Method::GET, 302, Some("/z"), &long),
            Err(RedirectRefusal::TooMany)
        );
        let allowed = long.get(1..).unwrap();
        assert!(next_url(&Method::GET, 302, Some("/z"), allowed).is_ok());
    }

    #[test]
    fn only_harmless_headers_travel() {
        let mut headers = HeaderMap::new();
        for name in [
            "accept",
            "range",
            "authorization",
            "cookie",
            "proxy-authorization",
            "x-api-key",
        ] {
            headers.insert(name, "v".parse().unwrap());
        }
        let kept = headers_for_another_origin(&headers);
        let names: Vec<_> = kept.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["accept", "range"]);
    }
}
