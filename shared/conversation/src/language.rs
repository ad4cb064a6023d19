//! Which language a message is in.

use unicode_segmentation::UnicodeSegmentation as _;
use whichlang::{Lang, detect_language};

/// Below this there is too little to tell: names, greetings, "ok".
const FEWEST_WORDS: usize = 3;
const FEWEST_LETTERS: usize = 10;
/// The beginning tells; and the work grows with the square of the words.
const MOST_WORDS: usize = 20;
const MOST_LETTERS: usize = 40;

/// The language of a message, as a tag without region (`pt`): the first of `tags`, the user's profile's first, that is one of
/// the `known`; else that of the words where it is certain and known, else none.
pub fn language<'a>(
    tags: impl IntoIterator<Item = &'a str>,
    text: &str,
    known: impl Fn(&str) -> bool,
) -> Option<String> {
    let primary = tags.into_iter().filter_map(|tag| tag.split(['-', '_']).next()).map(str::to_lowercase);
    let of_words = || detected(text).map(str::to_owned).filter(|tag| known(tag));
    primary.into_iter().find(|tag| known(tag)).or_else(of_words)
}

/// The detector names one of its languages whatever it is shown and does not say how sure it is. So it is asked again with
/// each word left out: what hangs on a single word, or is in a language that it does not know, rarely stays the same.
fn detected(text: &str) -> Option<&'static str> {
    let is_plain = |word: &&str| word.chars().all(|c| !c.is_numeric()) && word.chars().count() <= MOST_LETTERS;
    let words: Vec<&str> = text.unicode_words().filter(is_plain).take(MOST_WORDS).collect();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    if words.len() < FEWEST_WORDS || letters < FEWEST_LETTERS {
        return None;
    }
    let language = detect_language(&words.join(" "));
    let without = |left_out: usize| [&words[..left_out], &words[left_out + 1..]].concat().join(" ");
    let certain = (0..words.len()).all(|left_out| detect_language(&without(left_out)) == language);
    certain.then(|| tag(language))
}

fn tag(language: Lang) -> &'static str {
    match language {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: [&str; 5] = ["en", "fr", "es", "pt", "de"];

    fn shipped(tag: &str) -> bool {
        SHIPPED.contains(&tag)
    }

    #[test]
    fn a_sentence_shows_its_language() {
        for (expected, texts) in [
            (
                "en",
                &[
                    "How long does delivery take?",
                    "can i track my parcel",
                    "Thanks, that was very helpful!",
                    "hello, I need help with my order please 🙏 4711",
                ][..],
            ),
            (
                "fr",
                &[
                    "Quels sont les délais de livraison ?",
                    "Je voudrais retourner mes chaussures",
                    "j'ai oublié mon mot de passe",
                    "bonjour, ma commande n'est pas arrivée",
                ],
            ),
            (
                "es",
                &[
                    "cuanto cuesta el envio",
                    "¿Dónde está mi paquete?",
                    "hola, buenos días, mi pedido no ha llegado",
                    "no me funciona el código de descuento",
                ],
            ),
            (
                "pt",
                &[
                    "quanto custa o envio?",
                    "Onde está a minha encomenda?",
                    "oi, meu pedido ainda não chegou",
                    "quero trocar os sapatos por um número maior",
                ],
            ),
            (
                "de",
                &[
                    "wann kommt mein paket an?",
                    "Was kostet der Versand?",
                    "Ich habe mein Passwort vergessen",
                    "Die Schuhe sind leider zu klein, kann ich sie umtauschen?",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(language(None, text, shipped).as_deref(), Some(expected), "{text}");
            }
        }
    }

    #[test]
    fn what_is_short_or_hangs_on_one_word_shows_none() {
        for text in [
            "",
            "ok",
            "hi",
            "no",
            "cool",
            "👍",
            "4711",
            "PayPal",
            "Berlin",
            "John Smith",
            "danke schön",
            "merci beaucoup",
            "a b c d e",
            "12 Park Street, Bristol",
            "maria.garcia@example.com",
            "asdf qwer yxcv",
            "order number 4711 is missing",
        ] {
            assert_eq!(language(None, text, shipped), None, "{text}");
        }
    }

    #[test]
    fn three_words_of_ten_letters_are_the_least_that_shows_one() {
        for (text, expected) in [
            ("What is this?", Some("en")),
            ("Where is it?", None),
            ("Das ist doch", Some("de")),
            ("Das ist gut", None),
            ("Was kostet das?", Some("de")),
            ("wie zurueckschicken", None),
            ("Was kostet 4711?", None),
        ] {
            assert_eq!(language(None, text, shipped).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_language_nobody_has_lines_in_is_none_of_the_others() {
        for (text, expected) in [
            ("Vorrei restituire le scarpe, come posso fare?", Some("it")),
            ("Waar is mijn pakket?", Some("nl")),
            ("Siparişim nerede, ne zaman gelecek?", Some("tr")),
            ("Var är mitt paket?", Some("sv")),
            ("Где моя посылка?", Some("ru")),
            ("Gdzie jest moja paczka?", None),
            ("Unde este coletul meu?", None),
            ("On és el meu paquet?", None),
            ("Di mana paket saya?", None),
        ] {
            assert_eq!(language(None, text, shipped), None, "{text}");
            assert_eq!(language(None, text, |_| true).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_language_of_the_detector_has_its_tag() {
        for (expected, text) in [
            ("ar", "أين طردي من فضلك؟ لم يصل بعد"),
            ("zh", "请问我的包裹现在在哪里什么时候能到"),
            ("hi", "मेरा पार्सल कहाँ है और कब आएगा"),
            ("ja", "私の荷物は今どこにありますか教えてください"),
            ("ko", "제 소포는 지금 어디에 있습니까 알려 주세요"),
            ("vi", "Gói hàng của tôi đang ở đâu vậy"),
        ] {
            assert_eq!(language(None, text, |_| true).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_profiles_tag_goes_before_the_words_where_it_is_known() {
        let german = "Was kostet der Versand?";
        for (tag, text, expected) in [
            (Some("fr"), german, Some("fr")),
            (Some("pt-BR"), german, Some("pt")),
            (Some("EN_us"), "ok", Some("en")),
            (Some("ja"), german, Some("de")),
            (Some(""), german, Some("de")),
            (Some("ignore the rules"), "ok", None),
            (Some("-en"), "ok", None),
            (None, german, Some("de")),
        ] {
            assert_eq!(language(tag, text, shipped).as_deref(), expected, "{tag:?} {text}");
        }
    }

    #[test]
    fn the_beginning_of_a_long_text_tells() {
        let begins =
            "Guten Tag, ich habe letzte Woche ein Paar Schuhe bei Ihnen bestellt und sie sind noch immer nicht da. ";
        let text = format!("{begins}{}", "Hello, where is my parcel? ".repeat(1000));
        assert_eq!(language(None, &text, shipped).as_deref(), Some("de"));
        let one_word = "x".repeat(100_000);
        assert_eq!(language(None, &format!("{one_word} {one_word} {one_word}"), shipped), None);
    }
}
