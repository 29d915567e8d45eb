//! The client speaks HTTP/2 to whoever offers it, all requests over one connection.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pki_types::PrivatePkcs8KeyDer;
use rustls::ServerConfig;
use sealcheck_net::{Bytes, Client, Config, Proxies};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn http2_is_negotiated_and_one_connection_carries_all_requests() {
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key.into())
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    tokio::spawn(serve(
        listener,
        TlsAcceptor::from(Arc::new(tls)),
        Arc::clone(&connections),
    ));

    let ca = std::env::temp_dir().join(format!("sealcheck-net-{}-h2.pem", std::process::id()));
    std::fs::write(&ca, own.cert.pem()).unwrap();
    let config = Config {
        extra_ca_files: vec![ca.clone()],
        proxies: Proxies::none(),
        ..Config::default()
    };
    let client = Client::new(config).unwrap();
    std::fs::remove_file(ca).unwrap();
    let first = client.get(&url).send().await.unwrap();
    assert_eq!(first.body(), b"HTTP/2.0 GET /x");
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move { client.get(url).send().await.unwrap().into_body() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), b"HTTP/2.0 GET /x");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, connections: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let said = format!(
                    "{:?} {} {}",
                    request.version(),
                    request.method(),
                    request.uri().path()
                );
                let mut body = respond
                    .send_response(http::Response::new(()), false)
                    .unwrap();
                body.send_data(Bytes::from(said), true).unwrap();
            }
        });
    }
}
