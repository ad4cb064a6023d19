//! The small words of five languages: they tell which language a text is in, and say nothing about its subject.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::words;

/// Languages by their tag, each with its small words and its small talk, as [`words`] gives them. Words that are the name
/// of a thing in one of the others (bin, car) are left out.
const SMALL_WORDS: [(&str, &str); 5] = [
    (
        "en",
        "about afternoon am an and any are as at be been but by bye can cool could did do does doesn don evening for \
         from get give good got great had has have hello help hey hi how if in into is isn it its just know like ll \
         long lot many may me morning much my need nice no not of ok okay on or our perfect please question re shall \
         should so some sorry super tell thank thanks that the their them then there these they this those thx time \
         to us ve want was we were what when where which who why will with won would yes you your yours",
    ),
    (
        "fr",
        "accord ai as au aux avec avez beaucoup bonjour bonsoir ca ce ces cet cette combien comment dans de des dois \
         donc du elle en est et etes etre il ils je la le les leur lui ma mais merci mes moi mon ne ni non nos notre \
         nous on ou oui par parfait pas peut peux plait pour pourquoi puis qu quand que quel quelle quelles quels qui \
         quoi sa salut sans se ses si son sont suis sur ta tes ton tres tu un une veux vos votre voudrais vous",
    ),
    (
        "es",
        "al algo buenas buenos como con cual cuales cuando cuanta cuanto de del dia dias donde el ella en eres es esa \
         ese eso esta este esto favor genial gracias ha hay hola la las lo los mas me mi mis muy no noches nos para \
         perfecto pero por porque pueden puedo que quien quiero se si sin sobre son soy su sus tardes te tengo tiene \
         tienen tu tus un una unas unos usted vale ya yo",
    ),
    (
        "pt",
        "ao aos as ate bem boa bom com como da das de dia do dos ela ele em esta este eu foi isso isto ja mais mas me \
         meu meus minha muito na nao nas no noite nos nossa nosso obrigada obrigado oi ola onde os ou para pela pelo \
         perfeito por porque posso quais qual quando quanta quanto que quem quero se sem ser seu sua tarde tem tenho \
         teu tua tudo um uma voce voces",
    ),
    (
        "de",
        "abend aber als also am an auch auf aus bei beim bis bist bitte da danke dann das dass dein deine dem den der \
         des die dir doch du ein eine einem einen einer eines er es euch euer eure frage fur gerne gibt guten habe \
         haben habt hallo hast hat ich ihr ihre im in ist ja kann kannst kein keine konnen konnt lange man mein meine \
         mich mir mit mochte morgen muss nach nein nicht noch nur ob oder schon sehr sein sich sie sind so tag toll \
         uber uhr um und uns unser unsere viel vielen vom von vor wann warum was welche welchen welcher welches wenn \
         wer werden wie wieder wieviel will wir wird wo zu zum zur",
    ),
];

/// Each small word with the languages it belongs to.
static LANGUAGES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut languages = HashMap::<_, Vec<_>>::new();
    for (tag, small) in SMALL_WORDS {
        small.split(' ').for_each(|word| languages.entry(word).or_default().push(tag));
    }
    languages
});

/// Whether `word` is small in any of the languages.
pub(super) fn is_small(word: &str) -> bool {
    LANGUAGES.contains_key(word)
}

/// The language most of whose small words are in `text`; `None` when there is no clear winner.
pub(super) fn language(text: &str) -> Option<&'static str> {
    let mut votes = SMALL_WORDS.map(|(tag, _)| (0_u32, tag));
    for tag in words(text).iter().filter_map(|word| LANGUAGES.get(word.as_str())).flatten() {
        votes.iter_mut().filter(|(_, candidate)| candidate == tag).for_each(|(count, _)| *count += 1);
    }
    votes.sort_unstable();
    let [.., (second, _), (first, winner)] = votes;
    (first > second).then_some(winner)
}

/// The language that a tag names (`pt-BR` is `pt`), if it is one of the five.
pub(super) fn known(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
    SMALL_WORDS.iter().map(|(tag, _)| *tag).find(|known| **known == primary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_shows_its_language_and_a_bare_noun_does_not() {
        for (text, expected) in [
            ("Where is my parcel?", Some("en")),
            ("Où est mon colis ?", Some("fr")),
            ("¿Dónde está mi paquete?", Some("es")),
            ("Onde está a minha encomenda?", Some("pt")),
            ("Wo ist mein Paket?", Some("de")),
            ("PayPal", None),
            ("", None),
            ("返品", None),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_is_known_by_its_first_part() {
        for (tag, expected) in
            [("pt-BR", Some("pt")), ("DE", Some("de")), ("en_GB", Some("en")), ("it", None), ("", None)]
        {
            assert_eq!(known(tag), expected, "{tag}");
        }
    }

    #[test]
    fn the_lists_are_written_as_words_are_compared() {
        for (tag, small) in SMALL_WORDS {
            let listed: Vec<_> = small.split(' ').collect();
            assert_eq!(words(small), listed, "{tag}");
            assert!(listed.is_sorted_by(|one, next| one < next), "{tag}: a word listed twice would have two votes");
        }
    }
}
