//! MariaDB with a data folder and a socket of its own, for Trillian and Rekor's search index.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{Launch, Peer, run};
use crate::requirements::program;

/// The database server. It listens on a Unix socket only.
#[derive(Debug)]
pub(crate) struct Database {
    _server: Peer,
    socket: PathBuf,
}

impl Database {
    /// Starts a server with the databases of Trillian (with its tables) and of Rekor's index.
    pub(crate) fn start(folder: &Path, trillian_schema: &Path) -> Result<Self> {
        let data = folder.join("database");
        fs::create_dir(&data)?;
        // The server refuses to run as root: then it runs as a user who owns nothing else.
        let as_root = run(Command::new("id").arg("-u"))? == b"0\n";
        let mut user = None;
        if as_root {
            let id = |flag: &str| -> Result<u32> {
                let output = run(Command::new("id").args([flag, USER]))?;
                Ok(String::from_utf8(output)?.trim().parse()?)
            };
            chown(&data, Some(id("-u")?), Some(id("-g")?))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
            user = Some(format!("--user={USER}"));
        }
        // Whoever the server runs as may not write where this program has its temporary files.
        run(Command::new("mariadb-install-db")
            .env("TMPDIR", &data)
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ])
            .args(&user)
            .arg(format!("--datadir={}", data.display())))?;
        let socket = data.join("s");
        let mut launch = Launch::new("mariadb", program("mariadbd")?).arg("--no-defaults");
        if let Some(user) = user {
            launch = launch.arg(user);
        }
        let server = launch
            .flag("datadir", data.display())
            .flag("socket", socket.display())
            .flag("pid-file", data.join("pid").display())
            .flag("tmpdir", data.display())
            .arg("--skip-networking")
            .arg("--skip-grant-tables")
            // Nothing here outlives the testbed: no need to wait for disks.
            .arg("--innodb-flush-log-at-trx-commit=0")
            .arg("--innodb-doublewrite=0")
            .arg("--skip-log-bin")
            .arg("--max-connections=200")
            .start(folder)?
            .ready(|| query(&socket, "SELECT 1").is_ok())?;
        query(&socket, "CREATE DATABASE trillian; CREATE DATABASE rekor")?;
        let schema = fs::read_to_string(trillian_schema)
            .with_context(|| format!("cannot read {}", trillian_schema.display()))?;
        query(&socket, &format!("USE trillian;\n{schema}"))?;
        Ok(Self {
            _server: server,
            socket,
        })
    }

    /// The address of a database, as Go's MySQL driver reads it.
    pub(crate) fn dsn(&self, database: &str) -> String {
        format!("root@unix({})/{database}", self.socket.display())
    }
}

fn query(socket: &Path, sql: &str) -> Result<()> {
    use std::io::Write;
    let mut client = Command::new("mariadb")
        .args(["--no-defaults", "--user=root"])
        .arg(format!("--socket={}", socket.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = client.stdin.take() {
        input.write_all(sql.as_bytes())?;
    }
    let output = client.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "the database refused: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Every system has this user.
const USER: &str = "nobody";
