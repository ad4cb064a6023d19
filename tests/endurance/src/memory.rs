//! The memory of a process, as Linux tells it.

use std::fs;

/// What `/proc/<process>/status` says, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// The most that ever was.
    pub peak: u64,
}

impl Memory {
    /// Of this process.
    pub fn of_this_process() -> Option<Self> {
        Self::read(&fs::read_to_string("/proc/self/status").ok()?)
    }

    /// Of another process.
    pub fn of(process: u32) -> Option<Self> {
        Self::read(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
    }

    fn read(status: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix("kB")?.trim().parse().ok()
        };
        Some(Self { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_and_its_peak_are_read() {
        let status = "Name:\tingest\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t1\n";
        assert_eq!(Memory::read(status), Some(Memory { resident: 10_240, peak: 20_480 }));
        assert_eq!(Memory::read("Name:\tingest\n"), None);
    }

    #[test]
    fn memory_that_is_taken_is_seen() {
        let before = Memory::of_this_process().unwrap();
        let taken = vec![1_u8; 64 << 20];
        let after = Memory::of(std::process::id()).unwrap();
        assert!(after.resident >= before.resident + (taken.len() as u64 >> 10) / 2, "{before:?} {after:?}");
    }
}
