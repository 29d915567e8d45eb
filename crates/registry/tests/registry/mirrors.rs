//! Mirrors and rewrites: who is asked changes, names do not.

use std::io::{Read, Write};
use std::sync::Arc;

use sealcheck_net::Client;
use sealcheck_net::double::{Answer, Double};
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_registry::{
    Attached, Credential, Descriptor, Keychain, Lookup, Reference, Referrers, Registry, Settings,
};
use sealcheck_verify::Digest;

use crate::support::{anonymous, client, code, net, registries, with_registries};

/// A mirror for `r.example`, which itself lies at the second registry.
fn mirrored(mirror: &RegistryDouble, origin: &RegistryDouble) -> String {
    format!(
        "repositories:
  - prefix: r.example
    mirrors: ['{}/copies']
    rewrite: '{}'
",
        mirror.host(),
        origin.host()
    )
}

#[tokio::test]
async fn the_mirror_is_asked_first_and_the_name_stays() {
    let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
    let image = mirror.image("copies/app", "v1");
    let client = with_registries(&mirrored(&mirror, &origin));
    let reference = Reference::parse("r.example/app:v1").unwrap();
    let resolved = client.resolve(&reference).await.unwrap().found().unwrap();
    assert_eq!(
        resolved.reference.to_string(),
        format!("r.example/app:v1@{}", image.digest)
    );
    assert!(origin.lines().is_empty());
}

#[tokio::test]
async fn what_the_mirror_has_not_or_cannot_give_the_origin_has() {
    for fault in [
        Fault::Absent,
        Fault::PageNotFound,
        Fault::Forbidden,
        Fault::ServerError,
        Fault::TooManyRequests(None),
        Fault::WrongDigest,
        Fault::Truncated,
        Fault::Huge,
    ] {
        let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
        let image = origin.image("app", "v1");
        mirror.image("copies/app", "v1");
        mirror.fault(At::Registry, fault.clone());
        let client = with_registries(&mirrored(&mirror, &origin));
        let reference = Reference::parse("r.example/app:v1").unwrap();
        let found = client.manifest(&reference).await.unwrap().found();
        assert_eq!(found.unwrap().digest(), &image.digest, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mirror_that_fails_is_no_absence_when_the_origin_has_nothing() {
    let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
    let image = origin.image("app", "v1");
    mirror.repository("copies/app");
    mirror.fault(At::Registry, Fault::Forbidden);
    let client = with_registries(&mirrored(&mirror, &origin));
    let reference = Reference::parse("r.example/app:v1").unwrap();
    let repository = reference.repository();
    let signature = repository
        .attached(&image.digest, Attached::Signature)
        .unwrap();
    let error = client.manifest(&signature).await.unwrap_err();
    assert_eq!(code(&error), "registry-forbidden");
    let error = client
        .referrers(repository, &image.digest, None)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "registry-forbidden");
    mirror.heal();
    match client.manifest(&signature).await.unwrap() {
        Lookup::Absent(absence) => assert_eq!(absence.asked.len(), 2),
        Lookup::Found(found) => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn a_list_that_is_empty_at_the_mirror_is_looked_for_at_the_origin() {
    let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
    let image = origin.image("app", "v1");
    mirror.image("copies/app", "v1");
    let attached = origin.attach("app", &image, "application/vnd.example", &[]);
    let client = with_registries(&mirrored(&mirror, &origin));
    let reference = Reference::parse("r.example/app:v1").unwrap();
    let list = client
        .referrers(reference.repository(), &image.digest, None)
        .await
        .unwrap()
        .found()
        .unwrap();
    assert_eq!(list.descriptors[0].digest, attached.digest);
    assert_eq!(mirror.requests().len(), 1);
}

/// A mirror and its registry, which has the newer of two attachments alone.
struct Behind {
    mirror: RegistryDouble,
    origin: RegistryDouble,
    image: Descriptor,
    old: Descriptor,
    new: Descriptor,
}

/// A mirror that was filled before something new was attached.
fn behind() -> Behind {
    let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
    let image = origin.image("app", "v1");
    mirror.image("copies/app", "v1");
    let kind = "application/vnd.example";
    let old = origin.attach("app", &image, kind, &[(kind, b"old", &[])]);
    mirror.attach("copies/app", &image, kind, &[(kind, b"old", &[])]);
    let new = origin.attach("app", &image, kind, &[(kind, b"new", &[])]);
    Behind {
        mirror,
        origin,
        image,
        old,
        new,
    }
}

fn listed(found: Lookup<Arc<Referrers>>) -> (Vec<Digest>, usize, Vec<String>) {
    let list = found.found().unwrap();
    let digests = list.descriptors.iter().map(|one| one.digest).collect();
    (digests, list.broken.len(), list.from.clone())
}

#[tokio::test]
async fn the_list_of_a_mirror_does_not_hide_that_of_the_registry() {
    let scene = behind();
    let (mirror, origin, image) = (&scene.mirror, &scene.origin, &scene.image);
    let client = with_registries(&mirrored(mirror, origin));
    let reference = Reference::parse("r.example/app:v1").unwrap();
    let repository = reference.repository();
    let both = vec![scene.old.digest, scene.new.digest];
    let from = [
        format!("{}/copies/app", mirror.host()),
        format!("{}/app", origin.host()),
    ];
    let list = client.referrers(repository, &image.digest, None).await;
    assert_eq!(listed(list.unwrap()), (both.clone(), 0, from.to_vec()));

    // The same of the index under the tag.
    mirror.list_by_tag("copies/app", image, &[&scene.old]);
    origin.list_by_tag("app", image, &[&scene.new]);
    let list = client.referrers_by_tag(repository, &image.digest).await;
    assert_eq!(listed(list.unwrap()), (both, 0, from.to_vec()));
}

#[tokio::test]
async fn a_place_that_may_list_more_and_fails_is_told() {
    for at in [At::Referrers, At::ReferrersTag] {
        let scene = behind();
        let (mirror, origin, image) = (&scene.mirror, &scene.origin, &scene.image);
        mirror.list_by_tag("copies/app", image, &[&scene.old]);
        origin.fault(at.clone(), Fault::Forbidden);
        let client = with_registries(&mirrored(mirror, origin));
        let reference = Reference::parse("r.example/app:v1").unwrap();
        let repository = reference.repository();
        let list = match at {
            At::Referrers => client.referrers(repository, &image.digest, None).await,
            _ => client.referrers_by_tag(repository, &image.digest).await,
        };
        let from = vec![format!("{}/copies/app", mirror.host())];
        assert_eq!(listed(list.unwrap()), (vec![scene.old.digest], 1, from));
    }
}

#[tokio::test]
async fn the_list_of_the_registry_alone_needs_no_name() {
    let scene = behind();
    let reference = scene.origin.reference("app");
    let client = anonymous();
    let list = client.referrers(reference.repository(), &scene.image.digest, None);
    let (digests, _, from) = listed(list.await.unwrap());
    assert_eq!((digests.len(), from), (2, Vec::new()));
}

#[tokio::test]
async fn credentials_of_the_origin_are_not_shown_to_the_mirror() {
    let (mirror, origin) = (RegistryDouble::start(), RegistryDouble::start());
    let image = origin.image("app", "v1");
    mirror.repository("copies/app");
    mirror.access(Access::Basic {
        username: "other".to_owned(),
        password: "other".to_owned(),
    });
    origin.access(Access::Basic {
        username: "user".to_owned(),
        password: "hunter2".to_owned(),
    });
    let origin_host = origin.host();
    let client = client(Settings {
        registries: registries(&mirrored(&mirror, &origin)),
        keychain: Keychain::anonymous().with_given(
            &[&origin_host],
            Credential::basic("user", "hunter2".to_owned()),
        ),
        allow_http: false,
    });
    let reference = Reference::parse("r.example/app:v1").unwrap();
    let found = client.manifest(&reference).await.unwrap().found().unwrap();
    assert_eq!(found.digest(), &image.digest);
    assert!(
        mirror
            .requests()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_registry_with_tls_and_its_own_ca_is_asked_with_tls() {
    let registry = RegistryDouble::start_tls("r.example");
    let image = registry.image("app", "v1");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("ca.pem"),
        registry.http().ca_pem().unwrap(),
    )
    .unwrap();
    let path = folder.path().join("registries.yaml");
    let yaml = format!(
        "registries:\n  '{}': {{http: false, ca-files: [ca.pem]}}\n",
        registry.host()
    );
    std::fs::write(&path, yaml).unwrap();
    let client = client(Settings {
        registries: sealcheck_registry::Registries::read(&path).unwrap(),
        ..Settings::default()
    });
    let found = client
        .manifest(&registry.reference("app:v1"))
        .await
        .unwrap();
    assert_eq!(found.found().unwrap().digest(), &image.digest);
    // Without the settings, it is spoken to without TLS, as loopback addresses are.
    let reference = registry.reference("app:v1");
    assert!(anonymous().manifest(&reference).await.is_err());
}

#[tokio::test]
async fn where_http_is_allowed_tls_is_tried_first() {
    // A name that is not a loopback address, and leads to one through the proxy.
    let port = speaks_no_tls();
    let digest = Digest::sha256(b"{}");
    let reference = Reference::parse(&format!("r.example:{port}/app:v1")).unwrap();
    let proxy = Double::start();
    proxy.respond(move |asked| match asked.method.as_str() {
        "CONNECT" => Some(Answer::tunnel(port)),
        _ => None,
    });
    let target = format!("http://r.example:{port}/v2/app/manifests/v1");
    proxy
        .expect(sealcheck_net::double::Ask::get(&target))
        .answer(Answer::ok("{}").header("docker-content-digest", &digest.to_string()));
    let config = sealcheck_net::Config {
        proxies: sealcheck_net::Proxies {
            http: Some(proxy.url("").into()),
            https: Some(proxy.url("").into()),
            no_proxy: String::new(),
        },
        ..net()
    };
    let allowing = Registry::new(
        Client::new(config.clone()).unwrap(),
        Settings {
            allow_http: true,
            ..Settings::default()
        },
    );
    // It came as far as the registry's (useless) answer.
    let error = allowing.manifest(&reference).await.unwrap_err();
    assert_eq!(code(&error), "manifest-malformed", "{error}");
    let strict = Registry::new(Client::new(config).unwrap(), Settings::default());
    let error = strict.manifest(&reference).await.unwrap_err();
    assert_eq!(code(&error), "registry-unavailable");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_no_reason_to_go_without_tls() {
    let server = Double::start_tls("r.example");
    let port = server.port();
    let breaks = listening(|_| {});
    for port in [port, breaks] {
        let proxy = Double::start();
        // A question without TLS would come here, and is answered as whoever waits for it would.
        proxy.respond(move |asked| match asked.method.as_str() {
            "CONNECT" => Some(Answer::tunnel(port)),
            _ => Some(Answer::status(401).header("www-authenticate", "Basic realm=x")),
        });
        let http = Client::new(sealcheck_net::Config {
            proxies: sealcheck_net::Proxies {
                http: Some(proxy.url("").into()),
                https: Some(proxy.url("").into()),
                no_proxy: String::new(),
            },
            ..net()
        });
        let host = format!("r.example:{port}");
        let given = Credential::basic("user", "hunter2".to_owned());
        let allowing = Registry::new(
            http.unwrap(),
            Settings {
                allow_http: true,
                keychain: Keychain::anonymous().with_given(&[&host], given),
                ..Settings::default()
            },
        );
        let reference = Reference::parse(&format!("{host}/app:v1")).unwrap();
        let error = allowing.manifest(&reference).await.unwrap_err();
        assert_eq!(code(&error), "registry-unavailable", "{error}");
        let plain = proxy.requests();
        let plain: Vec<_> = plain.iter().filter(|it| it.method != "CONNECT").collect();
        assert!(plain.is_empty(), "{plain:?}");
    }
}

/// The port of a server that answers a TLS greeting as HTTP servers do.
fn speaks_no_tls() -> u16 {
    listening(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    })
}

/// The port of a server that reads something, answers in this way and goes away.
fn listening(answer: fn(&mut std::net::TcpStream)) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 512]);
            answer(&mut stream);
        }
    });
    port
}
