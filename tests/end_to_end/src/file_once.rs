//! A file that is gone with the test.

use std::path::PathBuf;

/// A file that is gone when this is dropped.
pub struct FileOnce(PathBuf);

impl FileOnce {
    /// An `assistant.toml` of the test called `test`.
    pub fn with(test: &str, text: &str) -> Self {
        let file = std::env::temp_dir().join(format!("dragoman-{test}-{}.toml", std::process::id()));
        std::fs::write(&file, text).unwrap();
        Self(file)
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for FileOnce {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
