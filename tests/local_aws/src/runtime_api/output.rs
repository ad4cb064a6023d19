//! What a function's processes write, in a file: everything written before an answer is there when the answer is.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file for one output stream; removed with this value.
#[derive(Debug)]
pub(super) struct Output(PathBuf);

static FILES: AtomicU64 = AtomicU64::new(0);

impl Output {
    pub(super) fn create() -> io::Result<Self> {
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("local_aws-{}-{number}.log", process::id()));
        File::create_new(&path)?;
        Ok(Self(path))
    }

    /// A handle for a process to write to, behind what others wrote.
    pub(super) fn to_append(&self) -> io::Result<File> {
        File::options().append(true).open(&self.0)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.0).unwrap_or_default()).into_owned()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // A file that is gone already needs no removal.
        fs::remove_file(&self.0).ok();
    }
}
