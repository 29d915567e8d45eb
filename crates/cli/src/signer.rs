//! From flags to who must have signed.

use clap::ArgMatches;
use sealcheck_verify::{Claim, Failure, Identities, Identity, Pattern, Reason};

use crate::args::SignerArgs;
use crate::environment::{Origin, origin, spoken};
use crate::key::KeySource;
use crate::problem::{Problem, Result};

/// Who must have signed.
#[derive(Debug)]
pub(crate) enum Signer {
    /// One of these.
    Identity(Identities),
    /// Whoever has this key.
    Key(KeySource),
}

/// What the flags say; an incomplete identity is not an error here, because what is missing can be suggested.
#[derive(Debug)]
pub(crate) enum Given {
    /// It is complete.
    Signer(Signer),
    /// No identity, no issuer, or neither, and no key.
    Incomplete {
        /// The identity that was given.
        identity: Option<String>,
        /// The issuer that was given.
        issuer: Option<String>,
    },
}

/// Reads the flags. Of several origins the strongest counts: a flag silences every variable for the same question.
pub(crate) fn read(args: &SignerArgs, matches: &ArgMatches) -> Result<Given> {
    let key = origin(matches, "key");
    let strongest = |ids: &[&str]| ids.iter().filter_map(|id| origin(matches, id)).max();
    let named = strongest(IDENTITY).max(strongest(ISSUER));
    match (key, named, &args.key) {
        (Some(key), Some(named), _) if key == named => Err(Problem::argument(
            "a key and an identity exclude each other",
        )
        .with_hint(
            "Give --key alone, or an identity with its issuer: a plain key proves no identity.",
        )),
        (key, named, Some(text)) if key > named => {
            let claims = strongest(CLAIMS);
            if claims.is_some() && claims >= key {
                return Err(Problem::argument(
                    "certificate claims cannot be required of a plain key",
                )
                .with_hint("Drop the claims, or require an identity instead of --key."));
            }
            KeySource::parse(text).map(|key| Given::Signer(Signer::Key(key)))
        }
        _ => identities(args, matches),
    }
}

/// A flag, or its variable, that says more about a signer whom others name, if one is given.
pub(crate) fn alone(args: &SignerArgs, matches: &ArgMatches) -> Option<String> {
    let counts = |id: &&&str| match **id {
        "no_issuer" => args.no_issuer,
        _ => true,
    };
    let mut ids = CLAIMS.iter().chain(&["no_issuer"]).filter(counts);
    let given = ids.find(|id| origin(matches, id).is_some())?;
    Some(spoken(matches, given))
}

/// What variables say about who must have signed, and what of it does not count. Whoever writes a flag sees it.
pub(crate) fn said(args: &SignerArgs, matches: &ArgMatches) -> Vec<String> {
    let counts = |id: &&str| match *id {
        "no_issuer" => args.no_issuer,
        _ => true,
    };
    let given = |ids: &[&'static str]| -> Vec<(Origin, &'static str)> {
        let ids = ids.iter().copied().filter(counts);
        ids.filter_map(|id| Some((origin(matches, id)?, id)))
            .collect()
    };
    let key = given(&["key"]);
    let named = [given(IDENTITY), given(ISSUER)];
    let by_key = key.iter().max() > named.iter().flatten().max();
    let questions = match by_key {
        true => vec![[key, named.concat(), given(CLAIMS)].concat()],
        false => {
            let [identity, issuer] = named;
            let others = if identity.is_empty() {
                issuer.clone()
            } else {
                identity.clone()
            };
            let key = key.into_iter().chain(others).collect();
            vec![identity, issuer, key]
        }
    };
    let mut out = Vec::new();
    for question in questions {
        let Some((strongest, by)) = question.iter().copied().max_by_key(|(origin, _)| *origin)
        else {
            continue;
        };
        for (origin, id) in question {
            let name = spoken(matches, id);
            let text = match origin {
                Origin::Flag => continue,
                _ if origin < strongest || (by_key && id != "key") => {
                    format!(
                        "{name} is ignored: {} says who must have signed.",
                        spoken(matches, by)
                    )
                }
                _ if id == "no_issuer" => format!(
                    "{name} is set: the certificate must name no issuer, and the authority alone vouches for the name."
                ),
                _ => format!("{name} is set: it says who must have signed."),
            };
            if !out.contains(&text) {
                out.push(text);
            }
        }
    }
    out
}

/// What to warn of: patterns that name nobody.
pub(crate) fn warnings(identities: &Identities) -> Vec<String> {
    let mut out = Vec::new();
    for identity in identities.iter() {
        if let Some(stranger) = identity.accepted_stranger() {
            out.push(format!("the identity pattern {} names neither a host nor an organisation: it also accepts {}, and so proves next to nothing.", identity.subject(), shown(&stranger)));
        }
        if let Some(issuer) = identity.issuer()
            && let Some(stranger) = issuer.accepted_stranger()
        {
            out.push(format!("the issuer pattern {issuer} names no issuer: it also accepts {}, which may vouch for anything. Name the one that you trust.", shown(&stranger)));
        }
    }
    out
}

fn shown(stranger: &str) -> &str {
    match stranger {
        "" => "an empty name",
        stranger => stranger,
    }
}

fn identities(args: &SignerArgs, matches: &ArgMatches) -> Result<Given> {
    let subjects = patterns(
        matches,
        &[
            ("identity", &args.identity, None),
            (
                "certificate_identity",
                args.certificate_identity.as_slice(),
                Some(Kind::Exact),
            ),
            (
                "certificate_identity_regexp",
                args.certificate_identity_regexp.as_slice(),
                Some(Kind::Regex),
            ),
        ],
    )?;
    let issuers = patterns(
        matches,
        &[
            ("issuer", &args.issuer, None),
            (
                "certificate_oidc_issuer",
                args.certificate_oidc_issuer.as_slice(),
                Some(Kind::Exact),
            ),
            (
                "certificate_oidc_issuer_regexp",
                args.certificate_oidc_issuer_regexp.as_slice(),
                Some(Kind::Regex),
            ),
        ],
    )?;
    let no_issuer = without_issuer(&issuers, matches)?;
    if subjects.is_empty() || issuers.is_empty() && !no_issuer {
        let text = |patterns: &[Pattern]| patterns.first().map(ToString::to_string);
        return Ok(Given::Incomplete {
            identity: text(&subjects),
            issuer: text(&issuers),
        });
    }
    if subjects.len() != issuers.len() && !no_issuer {
        return Err(Problem::argument(format!(
            "{} identities and {} issuers do not make pairs",
            subjects.len(),
            issuers.len()
        ))
        .with_hint("Give an --issuer for each --identity, in the same order: an identity is a name together with who vouches for it."));
    }
    if subjects.len() > 1 {
        side_by_side(matches)?;
    }
    let claims = claims(args)?;
    let named: Vec<Identity> = match no_issuer {
        true => subjects.into_iter().map(Identity::without_issuer).collect(),
        false => {
            let pairs = subjects.into_iter().zip(issuers);
            pairs
                .map(|(subject, issuer)| Identity::new(subject, issuer))
                .collect()
        }
    };
    let mut pairs = named.into_iter().map(|identity| {
        claims.iter().fold(identity, |identity, (claim, value)| {
            identity.with_claim(*claim, value.clone())
        })
    });
    let Some(first) = pairs.next() else {
        return Ok(Given::Incomplete {
            identity: None,
            issuer: None,
        });
    };
    Ok(Given::Signer(Signer::Identity(
        pairs.fold(Identities::one(first), Identities::or),
    )))
}

/// Whether the certificate must name no issuer: only when that is said, and by stronger means than an issuer.
fn without_issuer(issuers: &[Pattern], matches: &ArgMatches) -> Result<bool> {
    let said = origin(matches, "no_issuer").filter(|_| matches.get_flag("no_issuer"));
    let named = PATTERNS_OF_ISSUER
        .iter()
        .filter_map(|id| origin(matches, id))
        .max();
    if said.is_some() && said == named && !issuers.is_empty() {
        return Err(Problem::argument(format!(
            "{} excludes an issuer",
            spoken(matches, "no_issuer")
        ))
        .with_hint("Give the issuer, or say that there must be none."));
    }
    Ok(said > named)
}

/// Of several signers each identity must stand beside its issuer, so that nobody has to count which belongs to which.
fn side_by_side(matches: &ArgMatches) -> Result<()> {
    let indices = |id| matches.indices_of(id).into_iter().flatten();
    let mut end = None;
    for (identity, issuer) in indices("identity").zip(indices("issuer")) {
        if end.is_some_and(|end| identity.min(issuer) < end) {
            return Err(
                Problem::argument("an --identity does not stand beside its --issuer").with_hint(
                    "Write the pairs one after the other: --identity A --issuer X --identity B --issuer Y.",
                ),
            );
        }
        end = Some(identity.max(issuer));
    }
    Ok(())
}

/// How a flag's text is to be read.
#[derive(Clone, Copy)]
enum Kind {
    Exact,
    Regex,
}

/// The patterns of the flags that ask the same question, from the strongest origin only.
fn patterns(
    matches: &ArgMatches,
    flags: &[(&'static str, &[String], Option<Kind>)],
) -> Result<Vec<Pattern>> {
    let strongest = flags
        .iter()
        .filter_map(|(id, ..)| origin(matches, id))
        .max();
    let given: Vec<_> = flags
        .iter()
        .filter(|(id, ..)| strongest.is_some() && origin(matches, id) == strongest)
        .collect();
    if let [(first, ..), (second, ..), ..] = given.as_slice() {
        return Err(Problem::argument(format!(
            "{} and {} ask the same question",
            spoken(matches, first),
            spoken(matches, second)
        ))
        .with_hint(
            "Give one of them. Several signers are written as pairs of --identity and --issuer.",
        ));
    }
    let mut out = Vec::new();
    for (id, texts, kind) in given {
        for text in *texts {
            let pattern = match kind {
                None => pattern(text),
                Some(Kind::Exact) => Pattern::exact(text),
                Some(Kind::Regex) => Pattern::regex(text),
            };
            let pattern = pattern.map_err(|failure| wrong(failure, &spoken(matches, id)))?;
            out.push(pattern);
        }
    }
    Ok(out)
}

/// What is wrong with the pattern of a flag.
fn wrong(failure: Failure, flag: &str) -> Problem {
    match (failure.reason, &failure.detail) {
        (Reason::ArgumentInvalid, Some(detail)) => {
            Problem::argument(format!("{flag} is no pattern: {detail}")).with_hint(
                "Write the exact text, or a pattern for all of it after `glob:` or `regex:`, in single quotes so that the shell leaves it alone.",
            )
        }
        _ => failure.at(flag).into(),
    }
}

/// A pattern in the short form: exact unless it says otherwise.
fn pattern(text: &str) -> sealcheck_verify::Result<Pattern> {
    match (text.strip_prefix("glob:"), text.strip_prefix("regex:")) {
        (Some(glob), _) => Pattern::glob(glob),
        (_, Some(regex)) => Pattern::regex(regex),
        (None, None) => Pattern::exact(text),
    }
}

fn claims(args: &SignerArgs) -> Result<Vec<(Claim, Pattern)>> {
    let mut out = Vec::new();
    for text in &args.claim {
        let Some((name, value)) = text.split_once('=') else {
            return Err(
                Problem::argument(format!("--claim {text} has no `=`")).with_hint(
                    "Write NAME=PATTERN, for example --claim runner-environment=github-hosted.",
                ),
            );
        };
        let claim = name.parse().map_err(|error| {
            let known: Vec<String> = Claim::NAMED.iter().map(ToString::to_string).collect();
            Problem::argument(format!("--claim {name}: {error}"))
                .with_hint(format!("The names are {}.", known.join(", ")))
        })?;
        out.push((
            claim,
            pattern(value).map_err(|failure| wrong(failure, &format!("--claim {name}")))?,
        ));
    }
    let github = [
        (
            Claim::GithubWorkflowName,
            "name",
            &args.certificate_github_workflow_name,
        ),
        (
            Claim::GithubWorkflowRef,
            "ref",
            &args.certificate_github_workflow_ref,
        ),
        (
            Claim::GithubWorkflowRepository,
            "repository",
            &args.certificate_github_workflow_repository,
        ),
        (
            Claim::GithubWorkflowSha,
            "sha",
            &args.certificate_github_workflow_sha,
        ),
        (
            Claim::GithubWorkflowTrigger,
            "trigger",
            &args.certificate_github_workflow_trigger,
        ),
    ];
    for (claim, name, value) in github {
        if let Some(value) = value {
            let flag = format!("--certificate-github-workflow-{name}");
            out.push((
                claim,
                Pattern::exact(value).map_err(|failure| wrong(failure, &flag))?,
            ));
        }
    }
    Ok(out)
}

const IDENTITY: &[&str] = &[
    "identity",
    "certificate_identity",
    "certificate_identity_regexp",
];
const ISSUER: &[&str] = &[
    "issuer",
    "certificate_oidc_issuer",
    "certificate_oidc_issuer_regexp",
    "no_issuer",
];
const PATTERNS_OF_ISSUER: &[&str] = &[
    "issuer",
    "certificate_oidc_issuer",
    "certificate_oidc_issuer_regexp",
];
const CLAIMS: &[&str] = &[
    "claim",
    "certificate_github_workflow_name",
    "certificate_github_workflow_ref",
    "certificate_github_workflow_repository",
    "certificate_github_workflow_sha",
    "certificate_github_workflow_trigger",
];
