//! The binaries of the functions, built as this program was.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Unfit;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");

/// Names the folder that `sam build` made.
const FUNCTIONS: &str = "FUNCTIONS";

/// Where the two binaries are.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The door.
    pub ingest: PathBuf,
    /// The actor.
    pub responder: PathBuf,
}

impl Binaries {
    /// The functions as `sam build` left them in the folder that the environment names (`FUNCTIONS`); else those of this
    /// program's own build profile, brought up to date, from beside it.
    pub fn built() -> Result<Self, Unfit> {
        if let Some(folder) = env::var_os(FUNCTIONS).map(PathBuf::from) {
            let (ingest, responder) = (folder.join("Ingest/bootstrap"), folder.join("Responder/bootstrap"));
            return Ok(Self { ingest: found(ingest)?, responder: found(responder)? });
        }
        let folder = build(&["ingest", "responder"], !cfg!(debug_assertions))?;
        Ok(Self { ingest: found(folder.join("ingest"))?, responder: found(folder.join("responder"))? })
    }
}

/// Builds these packages of the workspace, for release or for development; says where their binaries are then.
pub fn build(packages: &[&str], release: bool) -> Result<PathBuf, Unfit> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut build = Command::new(cargo);
    build.args(["build", "--manifest-path", WORKSPACE]).args(packages.iter().flat_map(|name| ["--package", name]));
    if release {
        build.arg("--release");
    }
    let status = build.status().map_err(|error| Unfit::new(format!("cargo does not run: {error}")))?;
    if !status.success() {
        return Err(Unfit::new("the functions do not build"));
    }
    Ok(build_folder()?.with_file_name(if release { "release" } else { "debug" }))
}

/// The program of this workspace called `name`, built as this one was; where the environment names the functions (`FUNCTIONS`),
/// it is taken as it is if it is there.
pub fn program(name: &str) -> Result<PathBuf, Unfit> {
    let built = build_folder()?.join(name);
    if env::var_os(FUNCTIONS).is_some() && built.is_file() {
        return Ok(built);
    }
    found(build(&[name], !cfg!(debug_assertions))?.join(name))
}

fn found(path: PathBuf) -> Result<PathBuf, Unfit> {
    if path.is_file() { Ok(path) } else { Err(Unfit::new(format!("there is no {}", path.display()))) }
}

/// `target/<profile>`: this program is in it, a test of it one folder below.
fn build_folder() -> Result<PathBuf, Unfit> {
    let own = env::current_exe().map_err(|error| Unfit::new(format!("this program cannot be found: {error}")))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}
