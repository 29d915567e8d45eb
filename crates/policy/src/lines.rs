//! The summary of a predicate for people: labels and values.

use std::collections::BTreeMap;
use std::fmt::Display;

use sealcheck_verify::evidence::{PredicateFacts, ProvenanceFacts, SpdxForm};
use sealcheck_verify::printable;

/// The lines of a report about what an attestation says. Labels have at most twelve characters; values are printable.
pub fn lines(facts: &PredicateFacts) -> Vec<(&'static str, String)> {
    let mut out = Lines(Vec::new());
    match facts {
        PredicateFacts::SlsaProvenance(facts) => provenance(&mut out, facts),
        PredicateFacts::SlsaVerificationSummary(facts) => {
            out.add("verifier", &facts.verifier);
            out.add("resource", &facts.resource_uri);
            out.add("policy", &facts.policy);
            out.add("result", facts.result);
            out.add("levels", facts.levels.join(", "));
            out.perhaps("verified at", facts.time_verified.as_ref());
        }
        PredicateFacts::Spdx(facts) => {
            let form = match facts.form {
                SpdxForm::Json => "JSON",
                SpdxForm::TagValue => "tags and values",
            };
            out.add("document", &facts.name);
            out.add("format", format_args!("{}, {form}", facts.version));
            out.perhaps("created", facts.created.as_ref());
            out.add(
                "contains",
                counts([
                    (facts.packages, "package"),
                    (facts.files, "file"),
                    (facts.relationships, "relationship"),
                ]),
            );
        }
        PredicateFacts::CycloneDx(facts) => {
            out.perhaps("document", facts.serial.as_ref());
            out.perhaps("describes", facts.describes.as_ref());
            out.add("format", format_args!("CycloneDX {}", facts.version));
            out.perhaps("created", facts.created.as_ref());
            out.add(
                "contains",
                counts([
                    (facts.components, "component"),
                    (facts.services, "service"),
                    (facts.vulnerabilities, "vulnerability"),
                ]),
            );
        }
        PredicateFacts::OpenVex(facts) => {
            out.perhaps("document", facts.id.as_ref());
            out.perhaps("author", facts.author.as_ref());
            out.perhaps("created", facts.time.as_ref());
            out.add("statements", with_kinds(facts.statements, &facts.by_status));
        }
        PredicateFacts::VulnerabilityScan(facts) => {
            out.add("scanner", &facts.scanner);
            out.perhaps("version", facts.version.as_ref());
            out.perhaps("finished", facts.finished.as_ref());
            let findings = match facts.findings {
                Some(count) => with_kinds(count, &facts.by_severity),
                None => "in a form that is not known".to_owned(),
            };
            out.add("findings", findings);
        }
        PredicateFacts::Link(facts) => {
            out.add("step", &facts.name);
            if !facts.command.is_empty() {
                out.add("command", facts.command.join(" "));
            }
            out.add("materials", facts.materials);
        }
        PredicateFacts::Unreadable { failure } => {
            out.add("summary", format_args!("none: {failure}"));
        }
        _ => {}
    }
    out.0
}

fn provenance(out: &mut Lines, facts: &ProvenanceFacts) {
    out.add("builder", &facts.builder);
    if let Some(source) = &facts.source {
        match &source.reference {
            Some(reference) => out.add("source", format_args!("{}@{reference}", source.uri)),
            None => out.add("source", &source.uri),
        }
        out.perhaps("commit", source.commit.as_ref());
    }
    out.perhaps("workflow", facts.workflow.as_ref());
    out.perhaps("build type", facts.build_type.as_ref());
    out.perhaps("run", facts.invocation.as_ref());
    out.add("materials", facts.materials);
}

struct Lines(Vec<(&'static str, String)>);

impl Lines {
    fn add(&mut self, label: &'static str, value: impl Display) {
        self.0.push((label, printable(&value.to_string())));
    }

    fn perhaps(&mut self, label: &'static str, value: Option<&impl Display>) {
        if let Some(value) = value {
            self.add(label, value);
        }
    }
}

/// `2 packages, 1 file`.
fn counts<const N: usize>(of: [(usize, &str); N]) -> String {
    of.map(|(count, noun)| match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    })
    .join(", ")
}

/// `3: 1 affected, 2 fixed`.
fn with_kinds(count: usize, kinds: &BTreeMap<impl Display, usize>) -> String {
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    match kinds.is_empty() {
        true => count.to_string(),
        false => format!("{count}: {}", kinds.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::PredicateKind;
    use crate::predicate::summarise;

    fn text(kind: PredicateKind, predicate: &str) -> String {
        let facts = summarise(kind, predicate).unwrap();
        let lines: Vec<String> = lines(&facts)
            .into_iter()
            .map(|(label, value)| format!("{label}: {value}"))
            .collect();
        lines.join("\n")
    }

    #[test]
    fn counts_are_words() {
        assert_eq!(
            text(
                PredicateKind::CycloneDx,
                r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}], "vulnerabilities": [1, 2]}"#
            ),
            "format: CycloneDX 1.6\ncontains: 1 component, 0 services, 2 vulnerabilities"
        );
        assert_eq!(
            text(
                PredicateKind::OpenVex,
                r#"{"author": "a", "statements": [{"status": "fixed"}, {"status": "affected"}, {"status": "fixed"}]}"#
            ),
            "author: a\nstatements: 3: 1 affected, 2 fixed"
        );
    }

    #[test]
    fn what_the_signer_wrote_cannot_move_the_cursor() {
        let shown = text(
            PredicateKind::SlsaProvenanceV02,
            r#"{"builder": {"id": "a\u001b[2J"}, "invocation": {"configSource": {"uri": "git+https://x.test/y@refs/heads/\n"}}}"#,
        );
        assert!(shown.contains("builder: a\\u{1b}[2J\n"), "{shown}");
        assert!(shown.contains("refs/heads/\\u{a}"), "{shown}");
    }
}
