//! Symbolic links, and where they lead.

use super::*;

#[cfg(unix)]
#[test]
fn links_within_the_folder_are_made() {
    let archive = Archive::default()
        .symbolic("bin/early", "../lib/real")
        .file("lib/real", "content")
        .hard("lib/hard", "./lib/real")
        .symbolic("current", "lib/")
        .symbolic("lib/to-hard", "./hard");
    let place = Place::new();
    let written = place.unpack(&archive.end()).unwrap();
    let target = place.target();
    for path in ["bin/early", "lib/hard", "current/real", "lib/to-hard"] {
        assert_eq!(fs::read(target.join(path)).unwrap(), b"content", "{path}");
    }
    assert_eq!(
        fs::read_link(target.join("current")).unwrap(),
        PathBuf::from("lib/")
    );
    assert!(written.contains(&file_of("lib/hard", 0o644, b"content")));
    let link = UnpackedKind::Link {
        target: "../lib/real".to_owned(),
    };
    assert!(
        written
            .iter()
            .any(|one| one.path == "bin/early" && one.kind == link)
    );
    let paths: Vec<&str> = written.iter().map(|one| &*one.path).collect();
    assert_eq!(
        paths,
        [
            "bin",
            "bin/early",
            "current",
            "lib",
            "lib/hard",
            "lib/real",
            "lib/to-hard"
        ]
    );
}

#[test]
fn links_that_leave_the_folder_are_refused() {
    for to in [
        "/etc/passwd",
        "/",
        "..",
        "../beside",
        "d/../../x",
        "./d//../../x",
    ] {
        let found = refusal(Archive::default().file("d/f", "").symbolic("l", to));
        let target = to.to_owned();
        assert_eq!(found, Refusal::LinkOut { target });
    }
    for (to, expected) in [
        ("/etc/passwd", Refusal::Absolute),
        ("../beside", Refusal::Upwards),
    ] {
        assert_eq!(refusal(Archive::default().hard("l", to)), expected);
    }
    let long = format!("{}beside", "../".repeat(40));
    let by_long_name = Archive::default()
        .entry(EntryType::GNULongLink, "", 0, "", long.as_bytes())
        .symbolic("l", "x");
    assert_eq!(refusal(by_long_name), Refusal::LinkOut { target: long });
    for to in ["", "a\\b", "C:"] {
        assert_eq!(
            refusal(Archive::default().symbolic("l", to)),
            Refusal::Separator,
            "{to}"
        );
    }
}

#[test]
fn links_through_links_are_refused() {
    let through = |target: &str| Refusal::LinkThrough {
        target: target.to_owned(),
    };
    let base = || Archive::default().file("d/f", "").symbolic("l", "d");
    assert_eq!(refusal(base().symbolic("m", "l")), through("l"));
    assert_eq!(refusal(base().symbolic("m", "l/f")), through("l/f"));
    assert_eq!(
        refusal(base().symbolic("m", "l/../../x")),
        through("l/../../x")
    );
    assert_eq!(refusal(base().hard("m", "l")), through("l"));
    assert_eq!(refusal(base().symbolic("m", "m")), through("m"));
    assert_eq!(
        refusal(base().hard("h", "d/f").hard("i", "h")),
        through("h")
    );
}

#[test]
fn links_to_nothing_and_in_circles_are_refused() {
    let nowhere = |target: &str| Refusal::LinkNowhere {
        target: target.to_owned(),
    };
    assert_eq!(
        refusal(Archive::default().symbolic("l", "none")),
        nowhere("none")
    );
    assert_eq!(
        refusal(Archive::default().file("f", "").symbolic("l", "f/x")),
        nowhere("f/x")
    );
    assert_eq!(
        refusal(Archive::default().hard("l", "none")),
        nowhere("none")
    );
    assert_eq!(
        refusal(Archive::default().hard("l", "f").file("f", "")),
        nowhere("f")
    );
    assert_eq!(
        refusal(Archive::default().folder("d").hard("l", "d")),
        nowhere("d")
    );
    let circle = |target: &str| Refusal::LinkLoop {
        target: target.to_owned(),
    };
    assert_eq!(refusal(Archive::default().symbolic("l", ".")), circle("."));
    assert_eq!(
        refusal(Archive::default().symbolic("d/e/l", "..")),
        circle("..")
    );
    assert_eq!(
        refusal(Archive::default().symbolic("d/e/l", "../../d")),
        circle("../../d")
    );
}
