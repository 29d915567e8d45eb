//! Each limit, met and crossed.

use sealcheck_verify::limits::{JSON_DEPTH, Limit};

use super::super::limits::*;
use super::super::{Document, SpdxError};
use super::{HEAD, HELLO, read};

/// `make` gives a document with so many of what is limited.
fn crossed(limit: Limit, extra: usize, make: impl Fn(usize) -> String) {
    let most = limit.max - extra;
    let met = Document::read(make(most).as_bytes());
    assert!(met.is_ok(), "{}: {:?}", limit.name, met.err());
    match Document::read(make(most + 1).as_bytes()) {
        Err(SpdxError::LimitExceeded { limit: found, .. }) => assert_eq!(found, limit),
        other => panic!("{}: {:?}", limit.name, other.err()),
    }
}

#[test]
fn sizes_have_limits() {
    crossed(SPDX_BYTES, 0, |bytes| {
        format!("{HEAD}{}", "\n".repeat(bytes - HEAD.len()))
    });
    crossed(SPDX_VALUE_BYTES, 0, |bytes| {
        format!("{HEAD}Creator: {}", "x".repeat(bytes))
    });
    crossed(SPDX_VALUE_BYTES, 0, |bytes| {
        format!(
            "{HEAD}FileName: a\nSPDXID: SPDXRef-{}",
            "x".repeat(bytes - "SPDXRef-".len())
        )
    });
    // What is passed over may be longer.
    assert!(
        read(&format!(
            "LicenseComments: <text>{}</text>",
            "x".repeat(1 << 20)
        ))
        .is_ok()
    );
}

#[test]
fn counts_have_limits() {
    // The document is one of them.
    crossed(SPDX_ELEMENTS, 1, |count| {
        let snippets = (0..count).map(|n| format!("SnippetSPDXID: SPDXRef-{n}\n"));
        HEAD.to_owned() + &snippets.collect::<String>()
    });
    crossed(SPDX_RELATIONSHIPS, 0, |count| {
        HEAD.to_owned() + &"Relationship: SPDXRef-a CONTAINS NONE\n".repeat(count)
    });
    crossed(SPDX_REFERENCES, 0, |count| {
        HEAD.to_owned() + &"Creator: x\n".repeat(count)
    });
    crossed(SPDX_REFERENCES, 0, |count| {
        format!(
            "{HEAD}PackageName: p\nSPDXID: SPDXRef-p\n{}",
            "ExternalRef: a b c\n".repeat(count)
        )
    });
    crossed(SPDX_REFERENCES, 0, |count| {
        let others =
            (0..count).map(|n| format!("ExternalDocumentRef: DocumentRef-{n} u SHA256: {HELLO}\n"));
        HEAD.to_owned() + &others.collect::<String>()
    });
    crossed(SPDX_PASSED_OVER, 0, |count| {
        let tags = (0..count).map(|n| format!("Tag{n}: x\n"));
        HEAD.to_owned() + &tags.collect::<String>()
    });
}

#[test]
fn json_has_limits() {
    let document = |rest: &str| {
        format!(
            r#"{{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"n","documentNamespace":"u","x":{rest}}}"#
        )
    };
    // The document, its four texts and the list are values too.
    crossed(SPDX_JSON_VALUES, 6, |count| {
        document(&format!("[{}0]", "0,".repeat(count - 1)))
    });
    crossed(JSON_DEPTH, 0, |depth| {
        document(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
    });
}
