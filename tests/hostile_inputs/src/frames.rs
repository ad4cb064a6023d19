//! Random hostile texts in the templates, read by the real door and, beside it, by a plain JSON parser as everybody else
//! would use.

use std::ops::{Add, AddAssign};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use models::QueueMessage;
use serde_json::Value;

use crate::alphabet::Chance;
use crate::door::{Door, Visit};
use crate::templates::{Mode, Templates, Webhook, other_readings};

/// Texts that one thread takes at a time. The seed of each block is its place, so the number of threads changes nothing.
const BLOCK: u64 = 500;
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What became of a number of bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were.
    pub frames: u64,
    /// No text or no user could be read.
    pub unreadable: u64,
    /// The text read is another one.
    pub changed: u64,
    /// The user read is another one.
    pub wrong_user: u64,
    /// The text read is another one, and no filter could have meant it by such a body.
    pub unexplained: u64,
}

/// What became of all texts, by template and reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "a template and a reader each")]
pub struct Report {
    pub documented: Tally,
    pub documented_plain: Tally,
    pub escaped: Tally,
    pub escaped_plain: Tally,
    pub unescaped: Tally,
    pub unescaped_plain: Tally,
}

/// What a reader made of a body: a user and a text.
type Reading = Option<(String, String)>;

impl Report {
    /// Whether our reader did what is promised: everything read and unchanged in both templates; and where the filter does
    /// nothing, everything read, nobody moved, and nothing read that the body could not mean.
    pub fn is_kept(&self) -> bool {
        let [frame, escaped, unescaped] = [
            self.documented.faults(Mode::Frame),
            self.escaped.faults(Mode::Escaped),
            self.unescaped.faults(Mode::Unescaped),
        ];
        frame + escaped + unescaped == 0 && self.documented.frames > 0
    }
}

/// Renders and reads `frames` random texts with all cores, telling `progress` every few seconds how many are done.
pub fn run(frames: u64, seed: u64, progress: impl Fn(u64)) -> Report {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Report::default());
    let (done, finished) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let done = done.clone();
            scope.spawn(|| {
                let done = done;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let reader = Reader::default();
                loop {
                    let block = next.fetch_add(1, Ordering::Relaxed);
                    let size = frames.saturating_sub(block * BLOCK).min(BLOCK);
                    if size == 0 {
                        break;
                    }
                    let report = runtime.block_on(reader.block(size, seed, block));
                    let mut total = total.lock().unwrap();
                    *total = *total + report;
                    done.send(size).unwrap();
                }
            });
        }
        drop(done);
        tell(&finished, progress);
    });
    total.into_inner().unwrap()
}

fn tell(finished: &mpsc::Receiver<u64>, progress: impl Fn(u64)) {
    let (mut count, mut told) = (0, std::time::Instant::now());
    for size in finished {
        count += size;
        if told.elapsed() >= PROGRESS_EVERY {
            progress(count);
            told = std::time::Instant::now();
        }
    }
}

struct Reader {
    door: Door,
    visit: Visit,
    templates: Templates,
}

impl Default for Reader {
    fn default() -> Self {
        Self { door: Door::default(), visit: Visit::webhook(), templates: Templates::default() }
    }
}

impl Reader {
    async fn block(&self, size: u64, seed: u64, block: u64) -> Report {
        let mut chance = Chance::new(seed.wrapping_mul(0x0100_0000_01b3) ^ block.wrapping_mul(0x9e37_79b9));
        let mut report = Report::default();
        let mut webhook = Webhook { sent_at: "1700000000".to_owned(), ..Webhook::default() };
        "dispatch-1".clone_into(&mut webhook.dispatch_id);
        "+4915112345678".clone_into(&mut webhook.phone_number);
        for _ in 0..size {
            webhook.user_id = (chance.number() % 1_000_000_007).to_string();
            chance.hostile(&mut webhook.message);
            let modes = [
                (Mode::Frame, &mut report.documented, &mut report.documented_plain),
                (Mode::Escaped, &mut report.escaped, &mut report.escaped_plain),
                (Mode::Unescaped, &mut report.unescaped, &mut report.unescaped_plain),
            ];
            for (mode, ours, plain) in modes {
                let body = self.templates.render(&webhook, mode);
                let before = ours.faults(mode);
                ours.count(&self.read(&body).await, &webhook, &body);
                if ours.faults(mode) > before {
                    eprintln!("BROKEN by user {} in {mode:?}: {:?}", webhook.user_id, webhook.message);
                }
                plain.count(&plainly(&body), &webhook, &body);
            }
        }
        report
    }

    /// What the responder will find on the queue.
    async fn read(&self, body: &str) -> Reading {
        let arrival = self.door.visit(&self.visit, body.as_bytes()).await;
        let [queued] = &arrival.queued[..] else { return None };
        let message = QueueMessage::from_json(queued).ok()?.inbound()?;
        let user = message.identity.conversation().as_str().strip_prefix("user:").unwrap_or_default().to_owned();
        Some((user, message.text.into_string()))
    }
}

/// What everybody else does.
fn plainly(body: &str) -> Reading {
    let json: Value = serde_json::from_str(body).ok()?;
    let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
    Some((text("user_id")?, text("message")?))
}

impl Tally {
    /// What must not be, if it is our reader's.
    fn faults(&self, mode: Mode) -> u64 {
        let changed = if mode == Mode::Unescaped { self.unexplained } else { self.changed };
        self.unreadable + self.wrong_user + changed
    }

    fn count(&mut self, reading: &Reading, webhook: &Webhook, body: &str) {
        self.frames += 1;
        match reading {
            None => self.unreadable += 1,
            Some((user, text)) => {
                self.wrong_user += u64::from(*user != webhook.user_id);
                if *text != webhook.message {
                    self.changed += 1;
                    self.unexplained += u64::from(!other_readings(body, &webhook.message).contains(text));
                }
            }
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.frames += other.frames;
        self.unreadable += other.unreadable;
        self.changed += other.changed;
        self.wrong_user += other.wrong_user;
        self.unexplained += other.unexplained;
    }
}

impl Add for Report {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.documented += other.documented;
        self.documented_plain += other.documented_plain;
        self.escaped += other.escaped;
        self.escaped_plain += other.escaped_plain;
        self.unescaped += other.unescaped;
        self.unescaped_plain += other.unescaped_plain;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_reader_reads_everything_and_a_plain_parser_does_not() {
        let report = run(1_200, 7, |_| {});
        assert!(report.is_kept(), "{report:?}");
        assert_eq!(report.documented.frames, 1_200);
        let plain = report.documented_plain;
        assert!(plain.unreadable > 600 && plain.wrong_user > 0 && plain.changed > plain.wrong_user, "{plain:?}");
        assert_eq!(report.escaped_plain, Tally { frames: 1_200, ..Tally::default() });
    }

    #[test]
    fn one_seed_makes_the_same_texts() {
        assert_eq!(run(600, 7, |_| {}), run(600, 7, |_| {}));
        assert_ne!(run(600, 7, |_| {}), run(600, 8, |_| {}));
    }

    #[test]
    fn a_report_with_one_wrong_figure_is_a_broken_promise() {
        let good = Report { documented: Tally { frames: 1, ..Tally::default() }, ..Report::default() };
        assert!(good.is_kept() && !Report::default().is_kept());
        let one = |tally: &mut dyn FnMut(&mut Report)| {
            let mut report = good;
            tally(&mut report);
            report.is_kept()
        };
        assert!(!one(&mut |report| report.documented.unreadable = 1));
        assert!(!one(&mut |report| report.documented.changed = 1));
        assert!(!one(&mut |report| report.escaped.changed = 1));
        assert!(!one(&mut |report| report.unescaped.wrong_user = 1));
        assert!(!one(&mut |report| report.unescaped.unreadable = 1));
        assert!(!one(&mut |report| report.unescaped.unexplained = 1));
        assert!(one(&mut |report| report.unescaped.changed = 1));
    }
}
