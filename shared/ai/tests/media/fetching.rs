//! How attachments are fetched, and everything that can go wrong with it.

use std::future::ready;
use std::time::{Duration, Instant};

use ai::{Image, LARGEST_IMAGE, Opened};
use axum::body::Body;
use models::MediaKind;
use platform::metrics::Metric;

use crate::server::{Server, response};
use crate::{AMPLE, OGG, PNG, attached, reader, reader_of};

const HTML: &[(&str, &str)] = &[("content-type", "text/html")];

/// A picture of so many bytes.
fn of_size(bytes: usize) -> Vec<u8> {
    let mut picture = PNG.to_vec();
    picture.resize(bytes, 7);
    picture
}

/// Opens what is at this address.
async fn opened(url: &str, time: Duration) -> (Opened, Vec<(Metric, u64)>) {
    let (reader, counts) = reader();
    let mut opened = reader.open(&attached(&[url]), true, time).await;
    (opened.remove(0), counts.all())
}

#[tokio::test]
async fn a_picture_is_what_its_bytes_are_whatever_the_server_calls_it() {
    for (path, headers) in [("1.png", &[("content-type", "image/png")][..]), ("1.jpg", HTML), ("9f8e7d", &[])] {
        let server = Server::start(move |_| ready(response(200, headers, PNG))).await;
        let (opened, counts) = opened(&format!("{}/{path}?X-Amz-Signature=1", server.base_url), AMPLE).await;
        assert_eq!(opened, Opened::Picture(Image::new(PNG).unwrap()), "{path}");
        assert_eq!(counts, [(Metric::PictureOpened, 1)]);
        let [seen] = &server.seen()[..] else { panic!("one request") };
        assert!(!seen.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn what_is_no_picture_is_named_by_what_it_is_and_shown_to_nobody() {
    for (body, kind, failed) in [
        (&b"<!doctype html><p>Log in</p>"[..], MediaKind::Picture, true),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", MediaKind::Picture, true),
        (b"%PDF-1.7", MediaKind::Pdf, false),
        (b"\0\0\0\x1cftypmp42", MediaKind::Video, false),
        (OGG, MediaKind::Voice, false),
        (b"", MediaKind::Picture, true),
    ] {
        let server = Server::fixed(200, &[("content-type", "image/png")], body).await;
        let (opened, counts) = opened(&format!("{}/1.png", server.base_url), AMPLE).await;
        assert_eq!(opened, Opened::Not(kind), "{body:?}");
        assert_eq!(counts.contains(&(Metric::MediaFailed, 1)), failed, "{body:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_have_it_or_sends_us_elsewhere_is_not_followed() {
    let elsewhere = Server::fixed(200, &[], PNG).await;
    let location: &'static str = format!("{}/1.png", elsewhere.base_url).leak();
    for (status, location) in [(404, ""), (403, ""), (500, ""), (301, location), (302, location), (307, location)] {
        let server = Server::start(move |_| ready(response(status, &[("location", location)], PNG))).await;
        let (opened, counts) = opened(&format!("{}/1.png", server.base_url), AMPLE).await;
        assert_eq!((opened, counts), (Opened::Not(MediaKind::Picture), vec![(Metric::MediaFailed, 1)]), "{status}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn twenty_megabytes_are_not_read_whether_they_are_announced_or_not() {
    let many = of_size(20_000_000);
    let announced = Server::fixed(200, &[], many.clone()).await;
    let flood = Server::start(move |_| {
        let chunks: Vec<_> = many.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
        ready(response(200, &[], Body::from_stream(futures::stream::iter(chunks))))
    })
    .await;
    for server in [announced, flood] {
        let (opened, _) = opened(&format!("{}/1.png", server.base_url), AMPLE).await;
        assert_eq!(opened, Opened::Not(MediaKind::Picture));
    }
    for (size, fits) in [(LARGEST_IMAGE, true), (LARGEST_IMAGE + 1, false)] {
        let server = Server::fixed(200, &[], of_size(size)).await;
        let (opened, _) = opened(&format!("{}/1.png", server.base_url), AMPLE).await;
        assert_eq!(matches!(opened, Opened::Picture(_)), fits, "{size}");
    }
    assert_eq!(LARGEST_IMAGE.div_ceil(3) * 4, 5 * 1024 * 1024, "as it is sent");
}

#[tokio::test]
async fn a_slow_server_costs_the_time_there_was_and_no_more() {
    let silent = Server::start(|_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        response(200, &[], PNG)
    })
    .await;
    let dripping = Server::start(|_| {
        let drip = |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, std::io::Error>(PNG.to_vec()), ()))
        };
        ready(response(200, &[], Body::from_stream(futures::stream::unfold((), drip))))
    })
    .await;
    for server in [silent, dripping] {
        let began = Instant::now();
        let (opened, counts) = opened(&format!("{}/1.png", server.base_url), Duration::from_millis(300)).await;
        assert_eq!((opened, counts), (Opened::Not(MediaKind::Picture), vec![(Metric::MediaFailed, 1)]));
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn no_address_of_this_network_is_asked_unless_the_brand_says_so() {
    let server = Server::fixed(200, &[], PNG).await;
    let port = server.base_url.rsplit(':').next().unwrap().trim_end_matches("/v1").to_owned();
    let listed = "[media]\nhosts = [\"127.0.0.1\", \"localhost\", \"2130706433\", \"169.254.169.254\"]";
    for (toml, url) in [
        (listed, format!("{}/1.png", server.base_url)),
        (listed, format!("https://127.0.0.1:{port}/1.png")),
        (listed, "https://localhost/1.png".to_owned()),
        (listed, "https://2130706433/1.png".to_owned()),
        (listed, "https://169.254.169.254/latest/meta-data/1.png".to_owned()),
        ("[media]\nprivate = true", format!("{}/1.png", server.base_url)),
        ("[media]\nhosts = []\nprivate = true", format!("{}/1.png", server.base_url)),
    ] {
        let (reader, _) = reader_of(toml);
        assert_eq!(reader.open(&attached(&[&url]), true, AMPLE).await, [Opened::Not(MediaKind::Picture)], "{url}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_few_are_opened_in_their_order_and_nothing_that_nobody_wants() {
    let server = Server::fixed(200, &[], PNG).await;
    let at = |name: &str| format!("{}/{name}", server.base_url);
    let urls = [at("1.png"), at("2.pdf"), at("3.png"), at("4.png"), at("5.png"), at("6.ogg")];
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let (reader, _) = reader();
    let shown = || Opened::Picture(Image::new(PNG).unwrap());
    let not = |kind| Opened::Not(kind);
    assert_eq!(
        reader.open(&attached(&urls), true, AMPLE).await,
        [shown(), not(MediaKind::Pdf), shown(), shown(), not(MediaKind::Picture), not(MediaKind::Voice)]
    );
    assert_eq!(server.seen().len(), 3);
    let for_the_blind = reader.open(&attached(&urls[..1]), false, AMPLE).await;
    assert_eq!((for_the_blind, server.seen().len()), (vec![not(MediaKind::Picture)], 3));
}
