//! Bytes of the binaries, as they are and zipped.

use std::path::Path;

use endurance::Unfit;
use tokio::process::Command;

use crate::figures::{Figure, Target, Unit};
use crate::functions::Functions;
use crate::targets;

pub(crate) async fn measure(functions: &Functions) -> Result<Vec<Figure>, Unfit> {
    let mut figures = Vec::new();
    for (name, binary, targets) in [
        ("no-op", &functions.noop, None),
        ("ingest", &functions.ours.ingest, Some((targets::INGEST_BINARY, targets::INGEST_ZIP))),
        ("responder", &functions.ours.responder, Some((targets::RESPONDER_BINARY, targets::RESPONDER_ZIP))),
    ] {
        let with = |figure: Figure, target: Option<Target>| match target {
            Some(target) => figure.target(target),
            None => figure,
        };
        let whole = std::fs::metadata(binary).map_err(|error| Unfit::new(error.to_string()))?.len();
        figures.push(with(mebibytes(format!("{name}: binary"), whole), targets.map(|(binary, _)| binary)));
        let zip = match zipped(binary).await {
            Ok(bytes) => mebibytes(format!("{name}: zipped"), bytes),
            Err(reason) => Figure::missing(format!("{name}: zipped"), Unit::MiB, reason),
        };
        figures.push(with(zip, targets.map(|(_, zip)| zip)));
    }
    Ok(figures)
}

#[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
fn mebibytes(name: String, bytes: u64) -> Figure {
    Figure::new(name, Unit::MiB, bytes as f64 / (1024.0 * 1024.0))
}

/// Gzip packs as zip does, with a shorter head.
async fn zipped(binary: &Path) -> Result<u64, String> {
    let packed = Command::new("gzip").args(["-9", "--stdout"]).arg(binary).output().await;
    packed.map(|packed| packed.stdout.len() as u64).map_err(|_| "there is no gzip".to_owned())
}
