//! Keys of `[alerts]` that have new names. The old ones work in this version, with a warning; `shihyo check --fix`
//! rewrites the file.

use super::file::{self, FILE, line_at};
use contract::reader::Mistake;
use std::collections::HashMap;
use std::path::Path;
use toml_edit::{Document, Item, Key, Value};

/// A key under its old and its new name.
struct RenamedKey {
    old: &'static str,
    new: &'static str,
    /// The new value of an old one; `None` when it is wrong.
    value: fn(&str) -> Option<String>,
}

const RENAMED: [RenamedKey; 2] = [
    RenamedKey { old: "hold_s", new: "for", value: |seconds| Some(duration(seconds.parse().ok()?)) },
    RenamedKey { old: "link", new: "external_url", value: |url| Some(url.to_owned()) },
];

impl RenamedKey {
    fn both(&self) -> String {
        format!("`alerts.{}` is the old name of `alerts.{}`: remove one of the two", self.old, self.new)
    }

    fn wrong(&self) -> String {
        format!("`alerts.{}`: must be a whole number of seconds", self.old)
    }
}

/// Seconds in the greatest unit that fits.
fn duration(seconds: u32) -> String {
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(length, _)| seconds > 0 && seconds.is_multiple_of(*length));
    let (length, unit) = unit.unwrap_or((1, 's'));
    format!("{}{unit}", seconds / length)
}

/// The text with new keys, everything else as it is, and a warning for each old one; else the key that is wrong, and why.
pub(super) fn rename(file: &str, text: &str) -> Result<(String, Vec<String>), (&'static str, String)> {
    let (mut renamed, mut edits, mut warnings) = (text.to_owned(), Vec::new(), Vec::new());
    // A file that is no TOML is reported by its reader.
    let document = Document::parse(text).ok();
    let alerts = document.as_ref().and_then(|document| document.get("alerts")?.as_table_like());
    for key in RENAMED {
        let Some((alerts, old)) = alerts.and_then(|alerts| Some((alerts, alerts.get(key.old)?))) else { continue };
        if alerts.contains_key(key.new) {
            return Err(("alerts", key.both()));
        }
        let value = old.as_str().map_or_else(|| old.to_string(), str::to_owned);
        let value = (key.value)(value.trim()).ok_or_else(|| ("alerts.hold_s", key.wrong()))?;
        let Some((name, span)) = alerts.key(key.old).and_then(Key::span).zip(Item::span(old)) else { continue };
        let (old, new, line) = (key.old, key.new, line_at(text, name.start));
        warnings.push(format!("{file}:{line}: `alerts.{old}` is now `alerts.{new} = \"{value}\"`"));
        edits.extend([(name, new.to_owned()), (span, Value::from(value).to_string())]);
    }
    edits.sort_by_key(|(span, _)| span.start);
    for (span, new) in edits.into_iter().rev() {
        renamed.replace_range(span, &new);
    }
    Ok((renamed, warnings))
}

/// The same for `SHIHYO__ALERTS__KEY` in the environment.
pub(super) fn rename_variables(variables: &mut HashMap<String, String>) -> Result<Vec<String>, String> {
    let variable = |key: &str| format!("SHIHYO__ALERTS__{}", key.to_uppercase());
    let mut warnings = Vec::new();
    for key in RENAMED {
        let find = |name: &str| variables.keys().find(|set| set.eq_ignore_ascii_case(name)).cloned();
        let (old, new) = (variable(key.old), variable(key.new));
        let Some(set) = find(&old) else { continue };
        if find(&new).is_some() {
            return Err(format!("{old} in the environment is the old name of {new}: remove one of the two"));
        }
        let value = variables.remove(&set).and_then(|value| (key.value)(&value)).ok_or_else(|| key.wrong())?;
        warnings.push(format!("{old} in the environment is now {new}={value}"));
        variables.insert(new, value);
    }
    Ok(warnings)
}

/// Rewrites old keys of the file in place, and returns what was changed.
pub(crate) fn fix(folder: &Path) -> Result<Vec<String>, Mistake> {
    let (path, text) = (folder.join(FILE), file::read(folder)?);
    let renamed = rename(&path.display().to_string(), &text);
    let (renamed, changes) = renamed.map_err(|(key, message)| file::mistake(folder, key, message))?;
    if !changes.is_empty() {
        std::fs::write(&path, renamed)
            .map_err(|error| file::mistake(folder, "", format!("cannot be written: {error}")))?;
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_keys_are_renamed_and_comments_and_layout_stay() {
        for (old, new) in [
            (
                "[alerts] # a\nhold_s = 300   # b\n'link' = 'http://a' # c\n",
                "[alerts] # a\nfor = \"5m\"   # b\nexternal_url = \"http://a\" # c\n",
            ),
            ("alerts.hold_s=90\n", "alerts.for=\"90s\"\n"),
            (
                "alerts = { hold_s = 7200, link = \"http://a\" }\n",
                "alerts = { for = \"2h\", external_url = \"http://a\" }\n",
            ),
            ("[alerts]\nhold_s = 0\n", "[alerts]\nfor = \"0s\"\n"),
            ("[alerts]\nfor = \"1s\"\n", "[alerts]\nfor = \"1s\"\n"),
            ("[alerts\n", "[alerts\n"),
        ] {
            let (renamed, warnings) = rename("f", old).unwrap();
            assert_eq!((renamed.as_str(), warnings.is_empty()), (new, old == new));
            assert_eq!(rename("f", &renamed).unwrap(), (renamed, Vec::new()), "a second time changes nothing");
        }
        assert_eq!(
            rename("f", "\n[alerts]\nhold_s = 60\n").unwrap().1,
            ["f:3: `alerts.hold_s` is now `alerts.for = \"1m\"`"]
        );
    }

    #[test]
    fn old_and_new_together_and_wrong_values_are_mistakes() {
        let both = "`alerts.hold_s` is the old name of `alerts.for`: remove one of the two";
        assert_eq!(rename("f", "[alerts]\nhold_s = 1\nfor = \"1s\"\n").unwrap_err().1, both);
        assert_eq!(rename("f", "[alerts]\nhold_s = -1\n").unwrap_err().0, "alerts.hold_s");
    }

    #[test]
    fn old_variables_override_like_new_ones() {
        let set = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut variables: HashMap<String, String> =
            set(&[("Shihyo__Alerts__Hold_s", "60"), ("SHIHYO__ALERTS__LINK", "http://a")]);
        let warnings = rename_variables(&mut variables).unwrap();
        assert_eq!(variables, set(&[("SHIHYO__ALERTS__FOR", "1m"), ("SHIHYO__ALERTS__EXTERNAL_URL", "http://a")]));
        assert_eq!(warnings[0], "SHIHYO__ALERTS__HOLD_S in the environment is now SHIHYO__ALERTS__FOR=1m");
        let mut both = set(&[("SHIHYO__ALERTS__LINK", "a"), ("SHIHYO__ALERTS__EXTERNAL_URL", "b")]);
        assert!(rename_variables(&mut both).is_err());
    }
}
