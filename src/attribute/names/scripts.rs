//! What the scripts need before their names can be compared.

/// The scripts that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin, and everything that plain letters spell well: Cyrillic, Greek, Armenian, Georgian.
    Latin,
    /// Arabic and Hebrew: few vowels.
    Abjad,
    /// Scripts of South and South-East Asia, whose inherent vowels are not written.
    Abugida,
    /// Chinese characters: their reading depends on the language.
    Han,
    /// Korean.
    Hangul,
    /// Japanese syllables.
    Kana,
}

fn script(c: char) -> Script {
    match c as u32 {
        0x0590..=0x07FF | 0x08A0..=0x08FF => Script::Abjad,
        0x0900..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF => Script::Abugida,
        0x3040..=0x30FF | 0x31F0..=0x31FF => Script::Kana,
        0x3005 | 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => Script::Han,
        0xAC00..=0xD7A3 | 0x1100..=0x11FF | 0x3130..=0x318F => Script::Hangul,
        _ => Script::Latin,
    }
}

/// Whether plain letters lose what tells names of this script apart.
pub(super) fn is_lossy(script: Script) -> bool {
    script != Script::Latin
}

/// Signs without a sound: accents that stand alone, points and strokes of vowels, apostrophes, marks of direction.
pub(super) fn is_dropped(c: char) -> bool {
    matches!(c as u32,
        0x0300..=0x036F | 0x0591..=0x05C7 | 0x0640 | 0x064B..=0x065F | 0x0670 | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x2069 | 0xFEFF | 0x27 | 0x60 | 0xB4 | 0x2018..=0x201B | 0x2032 | 0x02B0..=0x02FF | 0x05F3 | 0x05F4)
}

/// Letters, with the signs that belong to them.
pub(super) fn is_letter(c: char) -> bool {
    // Vowel signs and the length mark are no letters to Unicode, yet part of the word.
    c.is_alphanumeric() || script(c) == Script::Abugida || c == 'ー' || c == '々'
}

/// A word in its own script, and which that is. The Arabic article is left out.
pub(super) fn own(word: &str) -> (String, Script) {
    let script = word.chars().map(script).find(|&script| script != Script::Latin).unwrap_or(Script::Latin);
    let bare = word.strip_prefix("ال").filter(|rest| script == Script::Abjad && rest.chars().count() > 2);
    (bare.unwrap_or(word).to_owned(), script)
}

/// The word with what transliteration would drop.
pub(super) fn readable(word: &str, script: Script) -> String {
    if script != Script::Abjad {
        return word.to_owned();
    }
    let vowel = |c| match c {
        'ا' | 'أ' | 'إ' | 'آ' | 'ٱ' | 'ع' | 'ة' | 'ى' | 'א' | 'ע' => 'a',
        'ו' => 'w',
        c => c,
    };
    word.chars().map(vowel).collect()
}

/// One spelling for compounds and prefixes that have many.
pub(super) fn respell(plain: String, script: Script) -> String {
    let long = |rest: &&str, least: usize| rest.len() >= least;
    let servant = ["abdul", "abdel", "abdal", "abdol", "abdoul", "abdur", "abdus"];
    if let Some(rest) = servant.iter().find_map(|prefix| plain.strip_prefix(prefix)).filter(|rest| long(rest, 2)) {
        return format!("abd{rest}");
    }
    let faith = [
        "uddin", "eddine", "eddin", "addin", "iddin", "aldin", "eldin", "uddeen", "aldeen", "eldeen", "udeen", "aldyn",
    ];
    if let Some(stem) = faith.iter().find_map(|suffix| plain.strip_suffix(suffix)).filter(|stem| long(stem, 3)) {
        return format!("{stem}din");
    }
    let consonant = |rest: &&str| !rest.starts_with(['a', 'e', 'i', 'o', 'u', 'y', 'h', 'k']);
    if let Some(rest) =
        plain.strip_prefix("mac").filter(|rest| script == Script::Latin && long(rest, 4) && consonant(rest))
    {
        return format!("mc{rest}");
    }
    let glued = ["dela", "delos", "vander", "vanden"];
    if let Some(rest) = glued.iter().find_map(|prefix| plain.strip_prefix(prefix)).filter(|rest| long(rest, 4)) {
        return rest.to_owned();
    }
    if plain == "st" || plain == "ste" { "saint".to_owned() } else { plain }
}

/// Forms of address in other scripts.
pub(super) fn is_title(word: &str) -> bool {
    matches!(
        word,
        "г" | "госпожа"
            | "господин"
            | "пан"
            | "пані"
            | "д-р"
            | "др"
            | "проф"
            | "السيد"
            | "سيد"
            | "الدكتور"
            | "دكتور"
            | "د"
            | "شيخ"
            | "حاج"
            | "آقای"
            | "خانم"
            | "दर"
            | "श्री"
            | "श्रीमती"
            | "डॉ"
            | "先生"
            | "女士"
            | "さん"
            | "様"
            | "氏"
            | "씨"
            | "님"
    )
}

/// Particles in other scripts.
pub(super) fn is_particle(word: &str) -> bool {
    matches!(
        word,
        "بن" | "ابن"
            | "بنت"
            | "ال"
            | "בן"
            | "בת"
            | "фон"
            | "де"
            | "ван"
            | "дер"
            | "оглы"
            | "кызы"
            | "ибн"
            | "бин"
    )
}

/// Chinese and Korean family names of two syllables.
const DOUBLE: &[&str] = &[
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "司徒", "夏侯", "皇甫", "尉迟", "尉遲", "公孙", "公孫",
    "慕容", "令狐", "东方", "東方", "南宫", "南宮", "端木", "长孙", "長孫", "宇文", "남궁", "황보", "제갈", "사공",
    "선우", "독고", "서문",
];

/// Where a whole name without blanks divides into family and given name. `known` tells names from other strings.
pub(super) fn division(word: &str, script: Script, known: impl Fn(&str) -> bool) -> Option<usize> {
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).skip(1).collect();
    let after = |characters: usize| ends.get(characters - 1).copied();
    let count = ends.len() + 1;
    let double = || DOUBLE.iter().any(|double| word.starts_with(double)) && count > 2;
    match script {
        Script::Hangul if (2..=4).contains(&count) => after(if double() { 2 } else { 1 }),
        Script::Han if (2..=6).contains(&count) => {
            let both = |&at: &usize| known(&word[..at]) && known(&word[at..]);
            let by_length = if double() || count > 3 { 2 } else { 1 };
            match count {
                3 if !double() => {
                    let [one, two] = [ends[0], ends[1]];
                    if both(&two) && !both(&one) { Some(two) } else { Some(one) }
                }
                _ => after(by_length).filter(both).or_else(|| ends.iter().copied().find(both)).or(after(by_length)),
            }
        }
        Script::Kana if count > 3 => ends.iter().copied().find(|&at| known(&word[..at]) && known(&word[at..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, script: Script, names: &[&str], family: &str) {
        let at = division(word, script, |name| names.contains(&name)).unwrap_or(0);
        assert_eq!(&word[..at], family, "{word}");
    }

    #[test]
    fn whole_names_divide_after_the_family_name() {
        check("王小明", Script::Han, &["王", "小明"], "王");
        check("欧阳娜娜", Script::Han, &[], "欧阳");
        check("田中太郎", Script::Han, &["田中", "太郎"], "田中");
        check("김민수", Script::Hangul, &[], "김");
        check("남궁민수", Script::Hangul, &[], "남궁");
        check("たなかたろう", Script::Kana, &["たなか", "たろう"], "たなか");
        check("たろう", Script::Kana, &[], "");
    }
}
