//! What bytes are, by how they begin: what a server says of them is not believed.

use models::MediaKind;

/// A format of pictures that models read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl ImageKind {
    /// As Converse calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }

    /// As the internet calls it.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// A format of sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudioKind {
    Ogg,
    Amr,
    Mp3,
    Aac,
    Mp4,
    Wav,
}

impl AudioKind {
    /// A file name, by whose ending a transcribing server knows what it gets, and the name of the type.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ogg => ("voice.ogg", "audio/ogg"),
            Self::Amr => ("voice.amr", "audio/amr"),
            Self::Mp3 => ("voice.mp3", "audio/mpeg"),
            Self::Aac => ("voice.aac", "audio/aac"),
            Self::Mp4 => ("voice.m4a", "audio/mp4"),
            Self::Wav => ("voice.wav", "audio/wav"),
        }
    }
}

/// What some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sniffed {
    Image(ImageKind),
    Audio(AudioKind),
    /// Known, and nothing to open.
    Named(MediaKind),
    Unknown,
}

/// The format of a picture, if these bytes are one.
pub fn sniffed_image(bytes: &[u8]) -> Option<ImageKind> {
    match sniffed(bytes) {
        Sniffed::Image(kind) => Some(kind),
        _ => None,
    }
}

pub(super) fn sniffed(bytes: &[u8]) -> Sniffed {
    let at = |place: usize, magic: &[u8]| bytes.get(place..).is_some_and(|rest| rest.starts_with(magic));
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Sniffed::Image(ImageKind::Jpeg),
        _ if at(0, b"\x89PNG\r\n\x1a\n") => Sniffed::Image(ImageKind::Png),
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Sniffed::Image(ImageKind::Gif),
        _ if at(0, b"RIFF") && at(8, b"WEBP") => Sniffed::Image(ImageKind::Webp),
        _ if at(0, b"OggS") => Sniffed::Audio(AudioKind::Ogg),
        _ if at(0, b"#!AMR") => Sniffed::Audio(AudioKind::Amr),
        _ if at(0, b"RIFF") && at(8, b"WAVE") => Sniffed::Audio(AudioKind::Wav),
        _ if at(4, b"ftypM4A") => Sniffed::Audio(AudioKind::Mp4),
        _ if at(4, b"ftyp") => Sniffed::Named(MediaKind::Video),
        _ if at(0, b"%PDF-") => Sniffed::Named(MediaKind::Pdf),
        _ if at(0, b"BEGIN:VCARD") => Sniffed::Named(MediaKind::Contact),
        // A frame of AAC in ADTS, which has no layer; then one of MPEG audio.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Sniffed::Audio(AudioKind::Aac),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Sniffed::Audio(AudioKind::Mp3),
        _ if at(0, b"ID3") => Sniffed::Audio(AudioKind::Mp3),
        _ => Sniffed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_begin_with() {
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Sniffed::Image(ImageKind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Sniffed::Image(ImageKind::Png)),
            (b"GIF89a\x01\0", Sniffed::Image(ImageKind::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Sniffed::Image(ImageKind::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", Sniffed::Audio(AudioKind::Wav)),
            (b"OggS\0\x02", Sniffed::Audio(AudioKind::Ogg)),
            (b"#!AMR\n", Sniffed::Audio(AudioKind::Amr)),
            (b"ID3\x04", Sniffed::Audio(AudioKind::Mp3)),
            (b"\xff\xfb\x90", Sniffed::Audio(AudioKind::Mp3)),
            (b"\xff\xf1\x50", Sniffed::Audio(AudioKind::Aac)),
            (b"\0\0\0\x1cftypM4A \0", Sniffed::Audio(AudioKind::Mp4)),
            (b"\0\0\0\x1cftypmp42\0", Sniffed::Named(MediaKind::Video)),
            (b"%PDF-1.7", Sniffed::Named(MediaKind::Pdf)),
            (b"BEGIN:VCARD\r\n", Sniffed::Named(MediaKind::Contact)),
            (b"<!doctype html><html>", Sniffed::Unknown),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", Sniffed::Unknown),
            (b"\x89PNG", Sniffed::Unknown),
            (b"RIFF", Sniffed::Unknown),
            (b"\xff", Sniffed::Unknown),
            (b"", Sniffed::Unknown),
        ] {
            assert_eq!(sniffed(bytes), expected, "{bytes:?}");
        }
    }
}
