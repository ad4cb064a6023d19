//! Fetching what a user sent from where Braze keeps it, with an end to bytes and to where it may be.

use std::sync::Arc;

use models::Personal;
use platform::http::is_local;
use reqwest::{Client, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::MediaFailure;

/// Bytes that one permit stands for.
const PERMIT: usize = 1024;
/// What a process holds of media at the same time, in permits: what is read and what a request is made of come on top, in a
/// function that has little memory.
const ROOM: usize = 12 * 1024;
/// Hosts that are this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What asks the hosts.
pub(super) struct Downloads {
    http: Client,
    hosts: Vec<String>,
    private: bool,
    room: Arc<Semaphore>,
}

impl Downloads {
    /// `http` follows no redirects, and connects to public addresses alone unless the hosts are `private`.
    pub(super) fn new(http: Client, hosts: Vec<String>, private: bool) -> Self {
        Self { http, hosts, private, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// What is kept at `url`, if it is at most `most` bytes, with its part of the room that all of it has. Waits for room, so
    /// the caller bounds the time.
    pub(super) async fn fetch(
        &self,
        url: &Personal,
        most: usize,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), MediaFailure> {
        let url = self.allowed(url)?;
        let mut room = self.room_for(most).await?;
        // The error itself is dropped: its text has the URL.
        let mut response = self.http.get(url).send().await.map_err(|_| MediaFailure::Unreachable)?;
        match response.status().as_u16() {
            200..=299 => {}
            status => return Err(MediaFailure::Status(status)),
        }
        let is_too_large = |length: u64| usize::try_from(length).map_or(true, |length| length > most);
        if response.content_length().is_some_and(is_too_large) {
            return Err(MediaFailure::TooLarge);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| MediaFailure::Unreachable)? {
            if bytes.len() + chunk.len() > most {
                return Err(MediaFailure::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        drop(room.split(room.num_permits().saturating_sub(bytes.len().div_ceil(PERMIT))));
        Ok((bytes, room))
    }

    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, MediaFailure> {
        let permits = u32::try_from(bytes.div_ceil(PERMIT).min(ROOM)).unwrap_or(u32::MAX);
        // It is never closed.
        Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| MediaFailure::TimedOut)
    }

    /// The address, if it may be asked: https, or this machine's own where the hosts are private; one of the hosts or below it;
    /// without a password, on its usual port unless the hosts are private, and no number of a network of its own.
    fn allowed(&self, url: &Personal) -> Result<Url, MediaFailure> {
        let url = Url::parse(url.as_str()).map_err(|_| MediaFailure::Forbidden)?;
        let host = url.host_str().unwrap_or_default();
        let is_here = self.private && LOOPBACK.contains(&host);
        let is_encrypted = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        let below = |allowed: &String| host.strip_suffix(allowed.as_str());
        let is_listed = self.hosts.iter().filter_map(below).any(|rest| rest.is_empty() || rest.ends_with('.'));
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_outside = self.private || (!is_local(&url) && url.port().is_none());
        let is_allowed = is_encrypted && is_listed && is_plain && is_outside;
        is_allowed.then_some(url).ok_or(MediaFailure::Forbidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str, hosts: &[&str], private: bool) -> bool {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Downloads::new(Client::new(), hosts, private).allowed(&url.into()).is_ok()
    }

    #[test]
    fn only_the_listed_hosts_are_asked_and_nothing_on_this_network() {
        let hosts = ["amazonaws.com", "media.example", "127.0.0.1", "2130706433", "169.254.169.254", "[::1]"];
        for (url, expected) in [
            ("https://bucket.s3.eu-central-1.amazonaws.com/a.jpg?X-Amz-Signature=1", true),
            ("https://media.example/a.jpg", true),
            ("https://MEDIA.example/a.jpg", true),
            ("https://media.example:443/a.jpg", true),
            ("https://evilmedia.example/a.jpg", false),
            ("https://media.example.evil.example/a.jpg", false),
            ("https://media.example@evil.example/a.jpg", false),
            ("https://evil.example/media.example", false),
            ("https://evil.example/?x=.amazonaws.com", false),
            ("https://evil.example\\@media.example/a.jpg", false),
            ("https://me:pw@media.example/a.jpg", false),
            ("https://media.example:8443/a.jpg", false),
            ("http://media.example/a.jpg", false),
            ("https://127.0.0.1/a.jpg", false),
            ("https://2130706433/a.jpg", false),
            ("https://0x7f.1/a.jpg", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://[::1]/a.jpg", false),
            ("http://127.0.0.1/a.jpg", false),
            ("ftp://media.example/a.jpg", false),
            ("file:///etc/passwd", false),
            ("data:image/png;base64,AAAA", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(allowed(url, &hosts, false), expected, "{url}");
        }
    }

    #[test]
    fn where_the_brand_says_so_its_own_network_may_be_asked() {
        for (url, expected) in [
            ("http://127.0.0.1:3000/a.jpg", true),
            ("https://10.0.0.7/a.jpg", true),
            ("http://10.0.0.7/a.jpg", false),
            ("http://localhost:3000/a.jpg", false),
        ] {
            assert_eq!(allowed(url, &["127.0.0.1", "10.0.0.7"], true), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn what_is_held_at_the_same_time_has_an_end() {
        let downloads = Downloads::new(Client::new(), vec![], false);
        let held = downloads.room_for(ROOM * PERMIT).await.unwrap();
        let waiting = downloads.room_for(1);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), waiting).await.is_err());
        drop(held);
        assert!(downloads.room_for(1).await.is_ok());
    }
}
