//! tmp
#[test]
#[ignore]
fn fold_variants() {
    use super::*;
    use std::io::Write;
    let text = std::fs::read_to_string("/tmp/n/v.txt").unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create("/tmp/n/folded.txt").unwrap());
    for line in text.lines() {
        let (forms, id) = line.split_once(" => ").unwrap();
        let mut got: Vec<String> = Vec::new();
        for form in forms.split(", ") {
            if form.chars().any(|c| c.is_numeric() || matches!(c, ':' | '(' | '/' | '¹' | '⁺' | '´' | 'ⁿ')) { continue; }
            let words = folding::words(form).words;
            if words.is_empty() || words.len() > 2 { continue; }
            let lossy = words.iter().any(|w| scripts::is_lossy(w.script));
            let s: String = if lossy { words.iter().map(|w| w.own.as_str()).collect() } else { words.iter().map(|w| w.plain.as_str()).collect() };
            if s.contains(' ') || (!lossy && s.len() < 2) { continue; }
            if !got.contains(&s) { got.push(s); }
        }
        if got.len() > 1 { writeln!(out, "{id} {}", got.join(" ")).unwrap(); }
    }
}
