//! Number formats of workbooks: what a format code shows of the number that is stored below it.
//!
//! `0%` shows 0.45 as 45%, `#,##0,` shows 1234567 as 1,235, `[h]:mm` shows 1 as 24:00. The author saw the shown value, so a format
//! that changes the meaning of a number stays with it, and each reader applies it or rejects the cell.

/// A format that changes what a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFormat {
    /// The number as it is, in a workbook that counts its days from 1904.
    Days1904,
    /// A fraction that is shown in per cent.
    Percent,
    /// Shown divided by 1,000, so many times.
    Thousands(u8),
    /// Shown with a multiplier behind it, this power of ten: 4 for `0"万"`.
    Multiplier(u8),
    /// Days that are shown as a duration: `[h]:mm`.
    Duration,
    /// Shown in another way than as this number: as a time of day, or as a fixed text.
    Other,
}

/// What a cell style shows of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ShownStyle {
    /// The format of zero and of positive numbers.
    positive: Option<NumberFormat>,
    /// The format of negative numbers.
    negative: Option<NumberFormat>,
    /// True for a date that is shown without its year.
    pub(super) without_year: bool,
}

impl ShownStyle {
    /// Reads a format code: up to four sections for positive numbers, negative numbers, zero and text.
    pub(super) fn of(code: &str) -> Self {
        let sections = sections(code);
        let formats: Vec<Option<NumberFormat>> = sections.iter().map(Section::format).collect();
        let first = formats.first().copied().flatten();
        // A condition can choose any section.
        if sections.iter().any(|section| section.conditional) {
            let mixed = formats.iter().take(3).any(Option::is_some);
            let other = mixed.then_some(NumberFormat::Other);
            return Self { positive: other, negative: other, without_year: false };
        }
        let negative = formats.get(1).copied().unwrap_or(first);
        Self { positive: first, negative, without_year: sections.first().is_some_and(Section::is_without_year) }
    }

    /// The format of a number; `None` when it is shown as it is. Zero is zero in every format.
    pub(super) fn format(self, number: f64) -> Option<NumberFormat> {
        match number {
            0.0 => None,
            number if number < 0.0 => self.negative,
            _ => self.positive,
        }
    }
}

/// One section of a format code.
#[derive(Default)]
struct Section {
    /// The characters that are format tokens, in order.
    tokens: String,
    /// The fixed text behind the last digit.
    suffix: String,
    conditional: bool,
    duration: bool,
}

fn sections(code: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        if c == ';' {
            sections.push(Section::default());
            continue;
        }
        let Some(section) = sections.last_mut() else { break };
        match c {
            '"' => section.suffix.extend(chars.by_ref().take_while(|c| *c != '"')),
            '\\' => section.suffix.extend(chars.next()),
            '_' | '*' => drop(chars.next()),
            '[' => section.bracket(&chars.by_ref().take_while(|c| *c != ']').collect::<String>()),
            _ if is_placeholder(c) => {
                section.suffix.clear();
                section.tokens.push(c);
            }
            c if c.is_ascii() => section.tokens.push(c),
            c => section.suffix.push(c),
        }
    }
    sections
}

fn is_placeholder(c: char) -> bool {
    matches!(c, '0' | '#' | '?')
}

impl Section {
    fn bracket(&mut self, inner: &str) {
        self.conditional |= inner.starts_with(['<', '>', '=']);
        let unit = inner.to_ascii_lowercase();
        self.duration |= !unit.is_empty() && ["h", "m", "s"].iter().any(|one| unit.chars().all(|c| one.contains(c)));
    }

    fn format(&self) -> Option<NumberFormat> {
        let tokens = self.tokens.to_ascii_lowercase();
        if self.duration {
            return Some(NumberFormat::Duration);
        }
        if tokens.contains("general") || tokens.contains('@') || self.is_date() {
            return None;
        }
        let Some(last) = tokens.rfind(is_placeholder) else { return Some(NumberFormat::Other) };
        let thousands = scaling_commas(&tokens);
        let power = power_of(&self.suffix);
        match (tokens[last..].contains('%') || tokens[..last].contains('%'), thousands, power) {
            (false, 0, 0) => None,
            (true, 0, 0) => Some(NumberFormat::Percent),
            (false, times, 0) => Some(NumberFormat::Thousands(times)),
            (false, 0, power) => Some(NumberFormat::Multiplier(power)),
            // `#,##0,"千円"`: what it divides by, it names.
            (false, times, power) if times.checked_mul(3) == Some(power) => None,
            _ => Some(NumberFormat::Other),
        }
    }

    fn is_date(&self) -> bool {
        !self.tokens.contains(is_placeholder)
            && self.tokens.to_ascii_lowercase().contains(['y', 'm', 'd', 'e', 'h', 's'])
    }

    fn is_without_year(&self) -> bool {
        let tokens = self.tokens.to_ascii_lowercase();
        self.is_date() && tokens.contains(['m', 'd']) && !tokens.contains(['y', 'e', 'g', 'h', 's'])
    }
}

/// The commas behind a digit that no digit follows, before a decimal point or at the end.
fn scaling_commas(tokens: &str) -> u8 {
    let mut commas = 0_u8;
    let mut run = None;
    for c in tokens.chars() {
        run = match (c, run) {
            (',', Some(run)) => Some(u8::saturating_add(run, 1)),
            (c, _) if is_placeholder(c) => Some(0),
            (_, run) => {
                commas = commas.saturating_add(run.unwrap_or_default());
                None
            }
        };
    }
    commas.saturating_add(run.unwrap_or_default())
}

/// The power of ten that a text behind a number begins with: 3 for 千円, 6 for 百万円, 0 for 円.
fn power_of(suffix: &str) -> u8 {
    let powers = suffix.trim_start().chars().map_while(|c| match c {
        '十' => Some(1),
        '百' => Some(2),
        '千' => Some(3),
        '万' => Some(4),
        '億' => Some(8),
        '兆' => Some(12),
        _ => None,
    });
    powers.fold(0, u8::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberFormat::*;

    #[test]
    fn a_format_says_what_it_shows_of_a_number() {
        let rows = [
            ("General", None),
            ("0", None),
            ("#,##0.00", None),
            ("#,##0;[Red]-#,##0", None),
            ("_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)", None),
            ("0.00E+00", None),
            ("@", None),
            ("#,##0\"件\"", None),
            ("\"約\"#,##0", None),
            ("0%", Some(Percent)),
            ("0.0%", Some(Percent)),
            ("0\"%\"", None),
            ("0\\%", None),
            ("#,##0,", Some(Thousands(1))),
            ("#,##0,,", Some(Thousands(2))),
            ("#,##0.0,", Some(Thousands(1))),
            ("#,##0,.0", Some(Thousands(1))),
            ("#,##0,_ ", Some(Thousands(1))),
            ("#,##0,\"千円\"", None),
            ("#,##0,,\"百万円\"", None),
            ("#,##0,\"百万円\"", Some(Other)),
            ("0\"万\"", Some(Multiplier(4))),
            ("0千円", Some(Multiplier(3))),
            ("[h]:mm", Some(Duration)),
            ("[mm]:ss", Some(Duration)),
            (";;;", Some(Other)),
            ("\"秘匿\"", Some(Other)),
            ("[>=1000]#,##0,\"K\";0", Some(Other)),
            ("[>=1000]#,##0;0", None),
            ("[$-411]#,##0", None),
        ];
        for (code, format) in rows {
            assert_eq!(ShownStyle::of(code).format(12.0), format, "{code}");
            assert_eq!(ShownStyle::of(code).format(0.0), None, "{code}");
        }
        assert_eq!(ShownStyle::of("0;0%").format(-1.0), Some(Percent));
    }

    #[test]
    fn a_date_format_shows_its_year_or_not() {
        for code in ["m\"月\"", "m/d", "m\"月\"d\"日\"", "[$-411]m\"月\";@"] {
            assert!(ShownStyle::of(code).without_year, "{code}");
        }
        for code in ["yyyy/m/d", "ge.m.d", "[$-411]ggge\"年\"m\"月\"", "h:mm", "0", "General", "yyyy\"年\""] {
            assert!(!ShownStyle::of(code).without_year, "{code}");
        }
    }
}
