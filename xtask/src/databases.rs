//! Programs of others that tests ask or check with: looked for, or installed where this user may.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::step::output;

/// A server of others.
struct Server {
    name: &'static str,
    /// Folders of its programs; a star stands for any name.
    places: &'static [&'static str],
    program: &'static str,
    package: &'static str,
}

const SERVERS: [Server; 5] = [
    Server {
        name: "postgres",
        places: &["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/bin"],
        program: "initdb",
        package: "postgresql",
    },
    Server {
        name: "mariadb",
        places: &["/usr/sbin", "/usr/libexec", "/usr/local/bin", "/usr/bin"],
        program: "mariadbd",
        package: "mariadb-server-core",
    },
    Server {
        name: "prometheus",
        places: &["/usr/bin", "/usr/local/bin"],
        program: "promtool",
        package: "prometheus",
    },
    Server {
        name: "chromium",
        places: &["/usr/bin", "/usr/local/bin"],
        program: "chromium",
        package: "chromium",
    },
    Server { name: "jq", places: &["/usr/bin", "/usr/local/bin"], program: "jq", package: "jq" },
];

/// What a machine that checks changes may lack: the same tests run on `PostgreSQL` and
/// `SQLite`, and a fresh Debian needs rights that not every machine gives.
pub(crate) const OPTIONAL: [&str; 3] = ["mariadb", "debian", "systemd"];

/// The servers that are not there.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    /// Their names.
    pub(crate) without: Vec<&'static str>,
    /// Why, and what to do about it; empty if nothing is missing.
    pub(crate) reason: String,
}

/// Looks for the servers, and installs what is missing where this user may.
pub(crate) fn prepare() -> Databases {
    let mut databases = Databases::default();
    for server in SERVERS.iter().filter(|server| !is_there(server)) {
        let why = install(server.package).err().map(|error| format!("{error:#}"));
        if is_there(server) {
            continue;
        }
        databases.without.push(server.name);
        let why = why.unwrap_or_else(|| format!("{} was not found", server.program));
        let Server { name, package, .. } = server;
        let how = format!("   {name}: {why}; on Debian and Ubuntu: apt-get install {package}\n");
        databases.reason.push_str(&how);
    }
    databases
}

/// Installs a package of the system where this user may.
pub(crate) fn install(package: &str) -> anyhow::Result<()> {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    anyhow::ensure!(is_root, "only root can install it");
    println!("   installing {package}, once …");
    let apt = |arguments: &[&str]| {
        output(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "--quiet"])?;
    apt(&["install", "--quiet", "--yes", "--no-install-recommends", package])?;
    Ok(())
}

fn is_there(server: &Server) -> bool {
    server.places.iter().flat_map(|place| folders(place)).any(|f| f.join(server.program).exists())
}

/// The folders a place stands for.
fn folders(place: &str) -> Vec<PathBuf> {
    let Some((before, behind)) = place.split_once("/*/") else { return vec![place.into()] };
    let listed = fs::read_dir(before).into_iter().flatten().flatten();
    listed.map(|entry| entry.path().join(behind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_version() {
        let root = tempfile::tempdir().unwrap();
        for version in ["15", "17"] {
            fs::create_dir_all(root.path().join("postgresql").join(version).join("bin")).unwrap();
        }
        let mut found = folders(&format!("{}/postgresql/*/bin", root.path().display()));
        found.sort();
        let expected = ["15", "17"].map(|v| root.path().join("postgresql").join(v).join("bin"));
        assert_eq!(found, expected);
        assert_eq!(folders("/usr/bin"), [PathBuf::from("/usr/bin")]);
        assert!(folders("/no/such/*/bin").is_empty());
    }
}
