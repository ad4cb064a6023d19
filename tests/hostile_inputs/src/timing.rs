//! How long a wrong token takes at the real door, by where it goes wrong.

use std::hint::black_box;
use std::time::Instant;

use http::{HeaderValue, header};

use crate::alphabet::Chance;
use crate::door::{Door, Visit};

/// A token of the length that the README recommends.
const TOKEN: &str = "6f1c0d6c5e0b4f0f9f3a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60";
/// Requests before anything is measured.
const WARMING_UP: u64 = 2_000;

/// Times of two kinds of request, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Wrong at the first byte.
    pub first: Times,
    /// Wrong at the last byte.
    pub last: Times,
}

/// Times of one kind of request, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// The average.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.count()
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.0.len()).unwrap_or(u32::MAX))
    }

    /// The square of the average's standard error.
    fn squared_error(&self) -> f64 {
        let mean = self.mean();
        let variance = self.0.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (self.count() - 1.0);
        variance / self.count()
    }
}

impl Measured {
    /// Welch's t: how many standard errors the two averages are apart.
    pub fn t(&self) -> f64 {
        (self.first.mean() - self.last.mean()) / (self.first.squared_error() + self.last.squared_error()).sqrt()
    }

    /// Without the slowest twentieth, which the machine's other business makes slow.
    #[must_use]
    pub fn cropped(&self) -> Self {
        let mut all: Vec<_> = self.first.0.iter().chain(&self.last.0).copied().collect();
        all.sort_by(f64::total_cmp);
        let slowest = all.get(all.len() * 19 / 20).copied().unwrap_or(f64::MAX);
        let fast = |times: &Times| Times(times.0.iter().copied().filter(|time| *time < slowest).collect());
        Self { first: fast(&self.first), last: fast(&self.last) }
    }
}

/// Measures the door, and for comparison the door with a leak: what would be seen if a comparison stopped at the first wrong
/// byte.
pub async fn measure(requests: u64, seed: u64) -> [(&'static str, Measured); 2] {
    [
        ("the real token check", series(requests, seed, |_| {}).await),
        ("the same with a comparison behind it that stops at the first wrong byte", series(requests, seed, leak).await),
    ]
}

async fn series(requests: u64, seed: u64, also: impl Fn(&[u8])) -> Measured {
    let secret = format!(r#"{{"webhook_token": "{TOKEN}", "agent_token": "another"}}"#);
    let door = Door::with_secret(&secret, None);
    let (mut chance, mut measured) = (Chance::new(seed), Measured::default());
    for request in 0..WARMING_UP + requests {
        let at_first = chance.below(2) == 0;
        let token = wrong(if at_first { 0 } else { TOKEN.len() - 1 });
        // Made the same way for both: nothing but its bytes may differ.
        let mut visit = Visit::webhook();
        visit.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        let start = Instant::now();
        let arrival = door.visit(black_box(&visit), b"").await;
        also(black_box(token.as_bytes()));
        let time = start.elapsed().as_nanos();
        assert_eq!(arrival.answer.status, 401);
        if request >= WARMING_UP {
            let times = if at_first { &mut measured.first } else { &mut measured.last };
            times.0.push(f64::from(u32::try_from(time).unwrap_or(u32::MAX)));
        }
    }
    measured
}

fn wrong(place: usize) -> String {
    let mut token = TOKEN.to_owned();
    token.replace_range(place..=place, "x");
    token
}

fn leak(token: &[u8]) {
    for (given, right) in token.iter().zip(TOKEN.as_bytes()) {
        if black_box(given) != black_box(right) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welchs_t_is_what_textbooks_say() {
        let measured = Measured { first: Times(vec![1.0, 2.0, 3.0]), last: Times(vec![2.0, 4.0, 6.0, 8.0]) };
        // Means 2 and 5, variances 1 and 20/3: -3 / sqrt(1/3 + 5/3).
        assert!((measured.t() + 3.0 / 2.0_f64.sqrt()).abs() < 1e-12, "{}", measured.t());
    }

    #[test]
    fn the_slowest_twentieth_is_left_out() {
        let times = Times((0..100).map(f64::from).collect());
        let cropped = Measured { first: times.clone(), last: times }.cropped();
        assert_eq!((cropped.first.0.len(), cropped.last.0.len()), (95, 95));
    }

    #[tokio::test]
    async fn every_request_is_measured_on_one_side_or_the_other() {
        let [(_, door), _] = measure(1_000, 1).await;
        assert_eq!(door.first.0.len() + door.last.0.len(), 1_000);
        assert!(door.first.0.len() > 300 && door.last.0.len() > 300);
    }
}
