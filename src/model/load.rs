//! A model file: what it says is laid over the built-in parameters, checked value by value, and hashed.
//!
//! A file may say only what differs. Whatever it cannot mean is refused by the parameter's name, with what would be right.

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::InvalidModel;

/// What a parameter's values must be. `*` stands for the rest of one name; lists are checked number by number.
const RULES: &[(&str, Rule)] = &[
    ("presence", Rule::Share),
    ("smoothing", Rule::Positive),
    ("sex.error_*", Rule::Share),
    ("sex.intersex_seen", Rule::Share),
    ("*.shares", Rule::Shares),
    ("appearance.*_shares", Rule::Shares),
    ("appearance.*", Rule::Rows),
    ("build.slip", Rule::Share),
    ("build.*_error_*", Rule::Positive),
    ("build.*.sd", Rule::Positive),
    ("build.height_weight_correlation", Rule::Share),
    ("timeline.age_shoulder_years", Rule::Positive),
    ("timeline.lived_on_median_days", Rule::Positive),
    ("timeline.lived_on_log_sd", Rule::Positive),
    ("timeline.post_mortem.*", Rule::Positive),
    ("timeline.*", Rule::Share),
    ("place.scales_km", Rule::Ascending),
    ("place.anywhere", Rule::Share),
    ("place.area_shares", Rule::Shares),
    ("dental.charted", Rule::Rows),
    ("dental.expected", Rule::Rows),
    ("dental.thirds", Rule::Rows),
    ("dental.surfaces", Rule::Shares),
    ("dental.class_shares", Rule::Shares),
    ("dental.undated_years", Rule::Positive),
    ("dental.smoothing", Rule::Positive),
    ("*.marks.unlike*_bits", Rule::Against),
    ("*.marks.other_number_bits", Rule::Against),
    ("*.marks.slip_bits", Rule::Against),
    ("*.marks.*_bits", Rule::Bits),
    ("*.marks.sizes_*", Rule::Shares),
    ("*.marks.*", Rule::Share),
    ("features.cap_bits", Rule::Bits),
    ("features.*_bits", Rule::Against),
    ("features.large_factor", Rule::Positive),
    ("features.noted", Rule::Share),
    ("belongings.worn_days", Rule::Positive),
    ("belongings.lasting_days", Rule::Positive),
    ("belongings.worn_*", Rule::Share),
    ("belongings.*_bits", Rule::Against),
    ("dna.*", Rule::Share),
    ("blood_type.error", Rule::Share),
    ("*.abo_shares", Rule::Shares),
    ("*.rh_shares", Rule::Shares),
    ("dental.*", Rule::Share),
    ("fingerprints.patterns", Rule::Rows),
    ("fingerprints.whorl_for_whorl", Rule::Rows),
    ("fingerprints.tracing_for_tracing", Rule::Rows),
    ("fingerprints.whorls", Rule::Shares),
    ("fingerprints.tracings", Rule::Shares),
    ("fingerprints.ridges_off", Rule::Shares),
    ("fingerprints.ridges.*", Rule::Positive),
    ("fingerprints.*", Rule::Share),
    ("names.differs_bits", Rule::Against),
    ("names.*_differs_bits", Rule::Against),
    ("names.all_differ_bits", Rule::Against),
    ("names.spare_part_bits", Rule::Against),
    ("names.moved_bits", Rule::Against),
    ("names.swapped_bits", Rule::Against),
    ("names.inscribed_bits", Rule::Against),
    ("names.*_bits", Rule::Bits),
    ("names.initial_ratio", Rule::Positive),
    ("names.slip_spellings", Rule::Positive),
    ("names.sounds_apart", Rule::Positive),
    ("names.census_weight", Rule::Positive),
    ("names.*", Rule::Share),
    ("collect.*.bits", Rule::Bits),
];

/// What a value must be.
#[derive(Clone, Copy)]
enum Rule {
    /// Between 0 and 1, neither of them.
    Share,
    /// Above 0.
    Positive,
    /// Positive numbers that sum to 1.
    Shares,
    /// A table of such lists.
    Rows,
    /// Positive numbers, each above the one before.
    Ascending,
    /// Not above 0.
    Against,
    /// From 0 to 100.
    Bits,
}

impl Rule {
    const fn expected(self) -> &'static str {
        match self {
            Self::Share => "expected a share between 0 and 1, neither of them",
            Self::Positive => "expected a number above 0",
            Self::Shares | Self::Rows => "expected shares above 0 that sum to 1",
            Self::Ascending => "expected numbers above 0, each above the one before",
            Self::Against => "expected no more than 0: it counts against a pair",
            Self::Bits => "expected from 0 to 100 bits",
        }
    }

    /// The number or the list that breaks the rule.
    fn broken(self, key: &str, value: &Value) -> Option<(String, String)> {
        let number = |number: f64, right: bool| (!right).then(|| (key.to_owned(), format!("is {number}")));
        match (self, value) {
            (Self::Shares, Value::Array(list)) if !list.iter().any(Value::is_array) => {
                let shares: Vec<f64> = list.iter().filter_map(Value::as_float).collect();
                let sum: f64 = shares.iter().sum();
                // The distances of `place` leave a share for anywhere.
                let whole = key == "place.shares" || (sum - 1.0).abs() < 1e-6;
                let negative = shares.iter().find(|share| **share <= 0.0).map(|share| format!("has {share}"));
                let wrong = negative.or_else(|| (!whole).then(|| format!("sums to {}", (sum * 1e6).round() / 1e6)));
                wrong.map(|wrong| (key.to_owned(), wrong))
            }
            (Self::Rows, Value::Array(rows)) => within(key, rows).find_map(|(key, row)| Self::Shares.broken(&key, row)),
            (Self::Ascending, Value::Array(list)) => {
                let numbers: Vec<f64> = list.iter().filter_map(Value::as_float).collect();
                let right = numbers.is_sorted_by(|a, b| a < b) && numbers.iter().all(|number| *number > 0.0);
                (!right).then(|| (key.to_owned(), format!("is {numbers:?}")))
            }
            (_, Value::Array(list)) => within(key, list).find_map(|(key, value)| self.broken(&key, value)),
            (Self::Share, Value::Float(share)) => number(*share, *share > 0.0 && *share < 1.0),
            (Self::Positive, Value::Float(above)) => number(*above, *above > 0.0),
            (Self::Against, Value::Float(bits)) => number(*bits, *bits <= 0.0),
            (Self::Bits, Value::Float(bits)) => number(*bits, (0.0..=100.0).contains(bits)),
            _ => None,
        }
    }
}

/// The members of a list, each with its key.
fn within<'v>(key: &str, list: &'v [Value]) -> impl Iterator<Item = (String, &'v Value)> {
    list.iter().enumerate().map(move |(at, value)| (format!("{key}[{at}]"), value))
}

/// Lays a file's text over the built-in parameters.
pub(super) fn overlay(built_in: &str, text: &str) -> Result<Table, InvalidModel> {
    let read = |text: &str| {
        toml::from_str::<Table>(text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            InvalidModel::Form(format!("line {line}: {}", error.message().replace('\n', " ")))
        })
    };
    let mut model = read(built_in)?;
    lay(&mut model, read(text)?, "")?;
    check(&model, "")?;
    Ok(model)
}

/// SHA-256 of the parameters in force, sorted by name, in hexadecimal: the same for the same figures, however written.
pub(super) fn hash(model: &Table) -> String {
    Sha256::digest(model.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lay(below: &mut Table, above: Table, at: &str) -> Result<(), InvalidModel> {
    for (name, value) in above {
        let key = join(at, &name);
        match (below.get_mut(&name), value) {
            (None, _) => return Err(InvalidModel::Form(format!("`{key}`: {}", unknown(below, &name)))),
            (Some(Value::Table(below)), Value::Table(above)) => lay(below, above, &key)?,
            (Some(below), value) => *below = alike(below, value, &key)?,
        }
    }
    Ok(())
}

fn unknown(below: &Table, name: &str) -> String {
    let near = |known: &&String| (strsim::jaro_winkler(known, name) * 1_000.0) as u32;
    match below.keys().max_by_key(near).filter(|known| near(known) > 800) {
        Some(known) => format!("no such parameter; did you mean `{known}`?"),
        None => format!("no such parameter; there are {}", below.keys().cloned().collect::<Vec<_>>().join(", ")),
    }
}

/// The value if it has the form of the one that it replaces. Whole numbers become numbers.
fn alike(below: &Value, above: Value, key: &str) -> Result<Value, InvalidModel> {
    let wrong = |expected: String, found: &Value| {
        Err(InvalidModel::Form(format!("`{key}`: expected {expected}, found {}", what(found))))
    };
    match (below, above) {
        (Value::Float(_), Value::Integer(number)) => Ok(Value::Float(number as f64)),
        (Value::Float(_), Value::Float(number)) if number.is_finite() => Ok(Value::Float(number)),
        (Value::String(_), Value::String(word)) => Ok(Value::String(word)),
        (Value::Table(below), Value::Table(above)) => {
            let mut laid = below.clone();
            lay(&mut laid, above, key)?;
            Ok(Value::Table(laid))
        }
        (Value::Array(below), Value::Array(above)) if below.len() == above.len() => {
            let pairs = below.iter().zip(above).enumerate();
            let list = pairs.map(|(at, (below, above))| alike(below, above, &format!("{key}[{at}]")));
            list.collect::<Result<_, _>>().map(Value::Array)
        }
        (Value::Array(below), found) => wrong(format!("a list of {}", below.len()), &found),
        (below, found) => wrong(what(below), &found),
    }
}

fn what(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Float(number) if !number.is_finite() => number.to_string(),
        Value::Integer(_) | Value::Float(_) => "a number".to_owned(),
        Value::Table(_) => "a table of parameters".to_owned(),
        Value::String(_) => "a text".to_owned(),
        other => format!("a {}", other.type_str()),
    }
}

fn check(model: &Table, at: &str) -> Result<(), InvalidModel> {
    for (name, value) in model {
        let key = join(at, name);
        match value {
            Value::Table(inner) => check(inner, &key)?,
            Value::Array(list) if list.iter().any(Value::is_table) => {
                for (key, inner) in within(&key, list) {
                    inner.as_table().map_or(Ok(()), |inner| check(inner, &key))?;
                }
            }
            value => {
                let rule = RULES.iter().find(|(pattern, _)| is_like(&key, pattern)).map(|(_, rule)| rule);
                if let Some((rule, (key, found))) = rule.and_then(|rule| Some((rule, rule.broken(&key, value)?))) {
                    return Err(InvalidModel::Value { key, found, expected: rule.expected() });
                }
            }
        }
    }
    Ok(())
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// Whether a key, its places in lists aside, is one that a pattern means.
fn is_like(key: &str, pattern: &str) -> bool {
    let names = key.split('.').map(|name| name.split('[').next().unwrap_or(name));
    let mut parts = pattern.split('.');
    names.clone().count() == pattern.split('.').count()
        && names.zip(&mut parts).all(|(name, part)| {
            let mut pieces = part.split('*');
            let (first, last) = (pieces.next().unwrap_or(""), pieces.next_back());
            let middle: Vec<&str> = pieces.collect();
            match last {
                None => name == part,
                Some(last) => {
                    name.len() >= first.len() + last.len()
                        && name.starts_with(first)
                        && name.ends_with(last)
                        && middle.iter().all(|piece| name.contains(piece))
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::super::Model;

    fn check(text: &str, expected: &str) {
        let error = Model::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected) && !error.contains('\n'), "{text}: {error}");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name_with_what_would_be_right() {
        check("presence = 1.3", "`presence` is 1.3; expected a share between 0 and 1");
        check("presense = 0.3", "`presense`: no such parameter; did you mean `presence`?");
        check("[sex]\nerror = 0.3", "`sex.error`: no such parameter; ");
        check("[colour]\na = 1", "there are appearance, belongings, ");
        check("presence = nan", "`presence`: expected a number, found NaN");
        check("presence = \"high\"", "`presence`: expected a number, found a text");
        check("[sex]\nshares = [0.5, 0.5]", "`sex.shares`: expected a list of 3, found a list of 2");
        check("[sex]\nshares = [0.5, 0.5, 0.1]", "`sex.shares` sums to 1.1; expected shares above 0 that sum to 1");
        check("[place]\nanywhere = 0.5", "`place.shares`: with `anywhere` they sum to 1");
        check("[place]\nscales_km = [1, 8, 8, 120, 400]", "each above the one before");
        check(
            "[build]\nheight_error_cm = [2.9, 0, 4.5, 5.4]",
            "`build.height_error_cm[1]` is 0; expected a number above",
        );
        check("[names]\nspare_part_bits = 2", "expected no more than 0");
        check("[collect]\nsex = { bits = 900, from = \"any\" }", "`collect.sex.bits` is 900; expected from 0 to 100");
        check("[collect]\nsex = { from = \"bones\" }", "bones");
        check("\n\npresence", "line 3: ");
        let rows = Model::DEFAULT.replace("0.9790, 0.0140", "0.9790, 0.9140");
        check(&rows, "`dental.charted[0]` sums to 1.9; ");
    }

    #[test]
    fn the_same_figures_have_the_same_hash_however_they_are_written() {
        let hash = |text: &str| Model::parse(text).expect("a model").hash().to_owned();
        let built_in = Model::default().hash().to_owned();
        assert_eq!(built_in.len(), 64);
        assert_eq!(hash("# nothing\npresence = 0.30\nsmoothing = 40"), built_in);
        assert_eq!(hash(Model::DEFAULT), built_in);
        assert_ne!(hash("presence = 0.31"), built_in);
    }

    #[test]
    fn a_file_may_say_only_what_differs() {
        let model = Model::parse("[sex]\nerror_parts = 0.2\n[collect]\ndna = { bits = 30 }").expect("a model");
        assert_eq!((model.sex.error_parts, model.sex.error_skeleton), (0.2, Model::default().sex.error_skeleton));
        assert_eq!(model.collect.get("dna").map(|dna| dna.bits), Some(30.0));
    }
}
