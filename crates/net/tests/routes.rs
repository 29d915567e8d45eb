//! Where requests go: redirects, TLS and proxies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::time::Duration;

use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_net::{
    Client, ClientCertificate, Config, HostConfig, NetError, Proxies, Redacted, RedirectRefusal,
    RetryPolicy,
};

fn config() -> Config {
    Config {
        retry: RetryPolicy {
            attempts: 2,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
        },
        proxies: Proxies::none(),
        ..Config::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

/// A file that is removed when the test ends.
struct CaFile(PathBuf);

impl CaFile {
    fn new(name: &str, content: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("sealcheck-net-{}-{name}.pem", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn trusted_by(&self) -> Config {
        Config {
            extra_ca_files: vec![self.0.clone()],
            ..config()
        }
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn refusal(error: &NetError) -> RedirectRefusal {
    match error {
        NetError::Redirect { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_redirect_on_the_same_host_keeps_the_headers() {
    let double = Double::start();
    double
        .expect(Ask::get("/a").with("authorization", "Bearer t"))
        .answer(Answer::redirect("/b"));
    double
        .expect(Ask::get("/b").with("authorization", "Bearer t"))
        .answer(Answer::ok("here"));
    let response = client()
        .get(double.url("/a"))
        .bearer(&Redacted::new("t"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.body(), b"here");
    assert_eq!(response.final_url().path(), "/b");
}

#[tokio::test]
async fn a_redirect_to_another_host_drops_credentials_even_when_it_comes_back() {
    let (home, storage) = (Double::start(), Double::start());
    home.expect(Ask::get("/a").with("authorization", "Bearer t"))
        .answer(Answer::redirect(&storage.url("/b")));
    let bare = |ask: Ask| {
        ask.without("authorization")
            .without("cookie")
            .without("x-api-key")
            .with("accept", "a/b")
    };
    storage
        .expect(bare(Ask::get("/b")))
        .answer(Answer::redirect(&home.url("/c")));
    home.expect(bare(Ask::get("/c"))).answer(Answer::ok("here"));
    let secret = Redacted::new("t");
    let client = client();
    let request = client
        .get(home.url("/a"))
        .bearer(&secret)
        .secret_header("cookie", &secret)
        .header("x-api-key", "k");
    assert_eq!(
        request.header("accept", "a/b").send().await.unwrap().body(),
        b"here"
    );
}

#[tokio::test]
async fn redirect_loops_and_long_chains_end() {
    let double = Double::start();
    double.expect(Ask::get("/a")).answer(Answer::redirect("/b"));
    double.expect(Ask::get("/b")).answer(Answer::redirect("/a"));
    let error = client().get(double.url("/a")).send().await.unwrap_err();
    assert_eq!(refusal(&error), RedirectRefusal::Loop);
    for hop in 0..6 {
        double
            .expect(Ask::get(format!("/{hop}")))
            .answer(Answer::redirect(&format!("/{}", hop + 1)));
    }
    let error = client().get(double.url("/0")).send().await.unwrap_err();
    assert_eq!(refusal(&error), RedirectRefusal::TooMany);
    assert_eq!(error.kind(), "redirect");
}

#[tokio::test]
async fn a_redirect_shows_no_secret_of_its_location() {
    let double = Double::start();
    double
        .expect(Ask::get("/a"))
        .answer(Answer::redirect("ftp://u:hunter2@h.example/?sig=hunter2"));
    let error = client().get(double.url("/a")).send().await.unwrap_err();
    assert_eq!(refusal(&error), RedirectRefusal::Scheme);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[tokio::test]
async fn an_error_shows_no_secret_of_the_addresses_that_led_to_it() {
    let double = Double::start();
    let signed = "/b?X-Amz-Signature=hunter%2b2hunter&AWSAccessKeyId=hunter&n=ten4";
    let body = "no: /b?X-Amz-Signature=hunter%2b2hunter&AWSAccessKeyId=hunter&n=ten4 <hunter+2hunter> sig1";
    double
        .expect(Ask::get("/a?sig1"))
        .answer(Answer::redirect(signed))
        .answer(Answer::redirect(signed));
    double
        .expect(Ask::get(signed))
        .answer(Answer::status(403).with_body(body))
        .answer(Answer::status(403).with_body(body));
    let url = double.url("/a?sig1");
    let error = client().get(&url).send().await.unwrap_err();
    assert_eq!(
        error.cause(),
        "answered with status 403: no: /b?X-Amz-Signature=[redacted]&AWSAccessKeyId=[redacted]&n=ten4 \
         <[redacted]> [redacted]"
    );
    // A part that nobody asked for is an error as well.
    double
        .expect(Ask::get("/part?sig=hunter"))
        .answer(Answer::status(206).with_body("hunter"));
    let error = client().get(double.url("/part?sig=hunter")).send().await;
    assert!(!error.unwrap_err().cause().contains("hunter"));
    // When to come back is no secret, whatever the address has in it.
    double
        .expect(Ask::get("/wait?code=3600"))
        .answer(Answer::status(429).header("retry-after", "3600"));
    let error = client().get(double.url("/wait?code=3600")).send().await;
    let cause = error.unwrap_err().cause();
    assert!(cause.contains("asked to come back in 3600 s"), "{cause}");
    // Nor does one that the caller reads himself.
    let accepted = client().get(&url).accept(403).send().await.unwrap();
    let body = String::from_utf8_lossy(accepted.body());
    assert!(!body.contains("hunter"), "{body}");
}

#[tokio::test]
async fn a_server_with_an_extra_ca_is_trusted_and_https_never_leads_to_http() {
    let secure = Double::start_tls("secure.example");
    let plain = Double::start();
    let ca = CaFile::new("extra", secure.ca_pem().unwrap());
    let client = Client::new(ca.trusted_by()).unwrap();
    secure.expect(Ask::get("/x")).answer(Answer::ok("safe"));
    assert_eq!(
        client.get(secure.url("/x")).send().await.unwrap().body(),
        b"safe"
    );
    secure
        .expect(Ask::get("/down"))
        .answer(Answer::redirect(&plain.url("/x")));
    let error = client.get(secure.url("/down")).send().await.unwrap_err();
    assert_eq!(refusal(&error), RedirectRefusal::Downgrade);
    assert!(plain.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_a_tls_error_and_not_retried() {
    let secure = Double::start_tls("secure.example");
    let error = client().get(secure.url("/x")).send().await.unwrap_err();
    assert_eq!(error.kind(), "tls", "{error:?}");
    assert!(secure.requests().is_empty());
}

/// The variables are read from the environment, which a test must not change: it runs itself again with them set.
#[tokio::test]
async fn ssl_cert_file_says_whom_to_trust() {
    const URL: &str = "SEALCHECK_NET_TEST_URL";
    if let Ok(url) = std::env::var(URL) {
        let outcome = match Client::new(config()) {
            Ok(client) => client.get(url).send().await.map(|_| ()),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => println!("outcome=ok"),
            Err(NetError::Tls { no_roots, .. }) => println!("outcome=tls no_roots={no_roots}"),
            Err(error) => println!("outcome={}", error.kind()),
        }
        return;
    }
    let secure = Double::start_tls("secure.example");
    let other = Double::start_tls("other.example");
    let (ca, wrong, empty) = (
        CaFile::new("env", secure.ca_pem().unwrap()),
        CaFile::new("env-wrong", other.ca_pem().unwrap()),
        CaFile::new("env-empty", ""),
    );
    secure.expect(Ask::get("/x")).answer(Answer::ok("safe"));
    for (file, outcome) in [
        (ca.0.clone(), "outcome=ok"),
        (wrong.0.clone(), "outcome=tls no_roots=false"),
        (empty.0.clone(), "outcome=tls no_roots=true"),
        (PathBuf::from("does/not/exist.pem"), "outcome=config"),
    ] {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ssl_cert_file_says_whom_to_trust", "--nocapture"])
            .env(URL, secure.url("/x"))
            .env("SSL_CERT_FILE", &file)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(said.contains(outcome), "{}: {said}", file.display());
    }
}

#[tokio::test]
async fn truncation_under_tls_is_noticed() {
    let secure = Double::start_tls("secure.example");
    let ca = CaFile::new("cut", secure.ca_pem().unwrap());
    secure
        .expect(Ask::get("/x"))
        .forever(Answer::ok("0123456789").cut_after(5));
    let error = Client::new(ca.trusted_by())
        .unwrap()
        .get(secure.url("/x"))
        .send()
        .await
        .unwrap_err();
    assert!(
        matches!(error, NetError::Interrupted { received: 5, .. }),
        "{error:?}"
    );
}

#[test]
fn a_ca_file_that_is_none_is_a_config_error() {
    let empty = CaFile::new("empty", "no certificate here\n");
    let broken = CaFile::new(
        "broken",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    );
    let no_der = CaFile::new(
        "no-der",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let missing = Config {
        extra_ca_files: vec![PathBuf::from("does/not/exist.pem")],
        ..config()
    };
    for config in [
        empty.trusted_by(),
        broken.trusted_by(),
        no_der.trusted_by(),
        missing,
    ] {
        assert_eq!(Client::new(config).unwrap_err().kind(), "config");
    }
}

#[tokio::test]
async fn http_goes_through_the_proxy_with_its_credentials() {
    let proxy = Double::start();
    let target = "http://registry.example/v2/?n=1";
    proxy
        .expect(Ask::get(target).with("proxy-authorization", "Basic dTpodW50ZXIy"))
        .answer(Answer::ok("via"));
    let proxies = Proxies {
        http: Some(Redacted::new(format!(
            "http://u:hunter2@127.0.0.1:{}",
            proxy.port()
        ))),
        ..Proxies::none()
    };
    let client = Client::new(Config {
        proxies,
        ..config()
    })
    .unwrap();
    assert!(!format!("{client:?}").contains("hunter2"), "{client:?}");
    assert_eq!(client.get(target).send().await.unwrap().body(), b"via");
}

#[tokio::test]
async fn https_is_tunnelled_and_the_proxy_does_not_see_the_request() {
    let secure = Double::start_tls("registry.example");
    let proxy = Double::start();
    let ca = CaFile::new("tunnel", secure.ca_pem().unwrap());
    let proxies = Proxies {
        https: Some(Redacted::new(proxy.url(""))),
        ..Proxies::none()
    };
    let client = Client::new(Config {
        proxies,
        ..ca.trusted_by()
    })
    .unwrap();
    let authority = format!("registry.example:{}", secure.port());
    proxy
        .expect(Ask::new("CONNECT", authority).without("authorization"))
        .answer(Answer::tunnel(secure.port()));
    secure
        .expect(Ask::get("/x").with("authorization", "Bearer t"))
        .answer(Answer::ok("through"));
    let response = client
        .get(secure.named_url("/x"))
        .bearer(&Redacted::new("t"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.body(), b"through");
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_not_there_is_a_proxy_error() {
    let proxy = Double::start();
    let client_with = |address: String| {
        let address = Some(Redacted::new(address));
        let proxies = Proxies {
            http: address.clone(),
            https: address,
            ..Proxies::none()
        };
        Client::new(Config {
            proxies,
            ..config()
        })
        .unwrap()
    };
    let with_password = format!("http://u:hunter2@127.0.0.1:{}", proxy.port());
    proxy
        .expect(Ask::get("http://a.example/"))
        .answer(Answer::status(407));
    proxy
        .expect(Ask::new("CONNECT", "a.example:443"))
        .answer(Answer::status(407))
        .answer(Answer::status(403));
    for (url, address) in [
        ("http://a.example/", with_password.clone()),
        ("https://a.example/", with_password.clone()),
        ("https://a.example/", with_password),
        (
            "http://a.example/",
            "http://does-not-exist.invalid:3128".to_owned(),
        ),
        ("http://a.example/", "http://127.0.0.1:1".to_owned()),
    ] {
        let error = client_with(address).get(url).send().await.unwrap_err();
        assert_eq!(error.kind(), "proxy", "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn exceptions_and_loopback_go_without_the_proxy() {
    let server = Double::start();
    server.expect(Ask::get("/x")).answer(Answer::ok("direct"));
    let proxies = Proxies {
        http: Some(Redacted::new("http://127.0.0.1:1")),
        ..Proxies::none()
    };
    let client = Client::new(Config {
        proxies,
        ..config()
    })
    .unwrap();
    assert_eq!(
        client.get(server.url("/x")).send().await.unwrap().body(),
        b"direct"
    );
}

/// Settings of the host of `double`, trusting its certificate.
fn host_of(double: &Double, ca: &CaFile) -> HostConfig {
    HostConfig {
        host: format!("127.0.0.1:{}", double.port()),
        ca_files: vec![ca.0.clone()],
        ..HostConfig::default()
    }
}

#[tokio::test]
async fn a_ca_for_one_host_is_not_trusted_for_another() {
    let double = Double::start_tls("one.example");
    double.expect(Ask::get("/x")).answer(Answer::ok("hello"));
    let ca = CaFile::new("one-host", double.ca_pem().unwrap());
    let mut here = host_of(&double, &ca);
    let trusting = Client::new(Config {
        hosts: vec![here.clone()],
        ..config()
    });
    let response = trusting.unwrap().get(double.url("/x")).send().await;
    assert_eq!(response.unwrap().body(), b"hello");
    here.host = "127.0.0.1:1".to_owned();
    let elsewhere = Client::new(Config {
        hosts: vec![here],
        ..config()
    });
    let error = elsewhere.unwrap().get(double.url("/x")).send().await;
    assert!(matches!(error, Err(NetError::Tls { .. })), "{error:?}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_its_host_alone() {
    let own = rcgen::generate_simple_self_signed(vec!["client.example".to_owned()]).unwrap();
    let certificate = CaFile::new("client", &own.cert.pem());
    let key = CaFile::new("client-key", &own.signing_key.serialize_pem());
    let double = Double::start_mutual_tls("mutual.example", &own.cert.pem());
    double.expect(Ask::get("/x")).answer(Answer::ok("hello"));
    let ca = CaFile::new("mutual", double.ca_pem().unwrap());
    let mut host = host_of(&double, &ca);
    let refused = Client::new(Config {
        hosts: vec![host.clone()],
        ..config()
    });
    assert!(refused.unwrap().get(double.url("/x")).send().await.is_err());
    host.client_certificate = Some(ClientCertificate {
        certificate: certificate.0.clone(),
        key: key.0.clone(),
    });
    let shown = Client::new(Config {
        hosts: vec![host.clone()],
        ..config()
    });
    let response = shown.unwrap().get(double.url("/x")).send().await;
    assert_eq!(response.unwrap().body(), b"hello");
    // The same settings for another host, to which the first one could lead.
    host.host = "127.0.0.1:1".to_owned();
    let elsewhere = Client::new(Config {
        hosts: vec![host],
        extra_ca_files: vec![ca.0.clone()],
        ..config()
    });
    assert!(
        elsewhere
            .unwrap()
            .get(double.url("/x"))
            .send()
            .await
            .is_err()
    );
}

#[test]
fn a_client_key_that_is_none_or_not_the_certificates_is_named() {
    let own = rcgen::generate_simple_self_signed(vec!["client.example".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["client.example".to_owned()]).unwrap();
    let certificate = CaFile::new("own", &own.cert.pem());
    for (name, key) in [
        ("garbage", "garbage".to_owned()),
        ("certificate", own.cert.pem()),
        ("other", other.signing_key.serialize_pem()),
    ] {
        let key = CaFile::new(&format!("bad-{name}"), &key);
        let error = Client::new(Config {
            hosts: vec![HostConfig {
                host: "a.example".to_owned(),
                client_certificate: Some(ClientCertificate {
                    certificate: certificate.0.clone(),
                    key: key.0.clone(),
                }),
                ..HostConfig::default()
            }],
            ..config()
        })
        .err()
        .unwrap();
        assert!(error.to_string().contains("client key"), "{error}");
        assert!(
            error.to_string().contains(&key.0.display().to_string()),
            "{error}"
        );
    }
}
