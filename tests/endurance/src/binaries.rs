//! The binaries of the functions, built as this program was.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Unfit;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");

/// Where the two binaries are.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) ingest: PathBuf,
    pub(crate) responder: PathBuf,
}

impl Binaries {
    /// Brings the functions of this program's own build profile up to date, saying so where that takes a while, and
    /// finds them beside it.
    pub(crate) fn built() -> Result<Self, Unfit> {
        let folder = build_folder()?;
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut build = Command::new(cargo);
        build.args(["build", "--package", "ingest", "--package", "responder", "--manifest-path", WORKSPACE]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let status = build.status().map_err(|error| Unfit::new(format!("cargo does not run: {error}")))?;
        if !status.success() {
            return Err(Unfit::new("the functions do not build"));
        }
        let binary = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let missing = || Unfit::new(format!("the functions are not in {}", folder.display()));
        Ok(Self { ingest: binary("ingest").ok_or_else(missing)?, responder: binary("responder").ok_or_else(missing)? })
    }
}

/// `target/<profile>`: this program is in it, a test of it one folder below.
fn build_folder() -> Result<PathBuf, Unfit> {
    let own = env::current_exe().map_err(|error| Unfit::new(format!("this program cannot be found: {error}")))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}
