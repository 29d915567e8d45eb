//! Words of servers: `Retry-After`, `Location`, and a body with its encoding, with a NUL between them.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use sealcheck_net::{Url, fuzzing};

/// A small one, so that it is crossed.
const LIMIT: u64 = 4096;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |byte| *byte == 0);
    let mut header = || parts.next().and_then(|part| str::from_utf8(part).ok());
    let (wait, location, encoding) = (header(), header(), header());
    let now = UNIX_EPOCH + Duration::from_secs(1_772_323_200);
    let _ = wait.and_then(|value| fuzzing::retry_after(value, now));

    let here = Url::parse("https://server.example/a/b?c=d").expect("a URL");
    if let Some(location) = location {
        if let Ok(next) = fuzzing::redirect(std::slice::from_ref(&here), 302, location) {
            assert_eq!(next.scheme(), "https");
            assert!(next.has_host() && next.fragment().is_none() && next != here);
            assert!(next.username().is_empty() && next.password().is_none());
        }
        let shown = fuzzing::shown_location(&here, location);
        if let Ok(url) = here.join(location)
            && let Some(password) = url.password().filter(|password| password.len() > 8)
        {
            // The name of a query parameter is shown, and may be the same text.
            let [host, query] = [url.host_str(), url.query()].map(Option::unwrap_or_default);
            let rest = format!("{host}{}{query}", url.path());
            assert!(
                rest.contains(password) || !shown.contains(password),
                "{shown}"
            );
        }
    }
    let body = parts.next().unwrap_or_default();
    if let Ok(read) = fuzzing::decode(encoding.unwrap_or_default(), body.chunks(100), LIMIT, &here)
    {
        assert!(read.len() <= 4096);
    }
});
