//! The grammar of labels: a year, then the parts that can follow it.

use super::super::reject::RejectReason;
use super::super::text::{has_false_digit, is_blank, normal};
use super::label::{DateLabel, LabelledPeriod};
use contract::era::{self, Era};
use contract::time::{FIRST_YEAR, LAST_YEAR};
use jiff::civil::Date;

/// Characters of a label: `令和元年度（2019年度）第1四半期末日現在` and room.
const MAX_CHARS: usize = 48;
/// Eras as one character (`平31`), for narrow columns.
const SHORT_ERAS: [(char, &str); 5] = [('令', "令和"), ('平', "平成"), ('昭', "昭和"), ('大', "大正"), ('明', "明治")];

/// Reads a label; [`super::read`] lists the forms.
pub(super) fn label(text: &str) -> Result<DateLabel, RejectReason> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(RejectReason::TooLong);
    }
    if has_false_digit(text) {
        return Err(RejectReason::NotADate);
    }
    let text = without_time(&normal(text).to_ascii_uppercase())?;
    let text = ["現在", "時点"].iter().find_map(|word| text.strip_suffix(word)).unwrap_or(&text);
    let text = without_weekday(text);
    match single(text) {
        Err(reason) => double(text).unwrap_or(Err(reason)),
        read => read,
    }
}

/// Time zones of the plans. In another one it can be another day.
const OWN_ZONE: [&str; 3] = ["+09:00", "+0900", "JST"];

/// The label without blanks and without the time of day behind a date.
fn without_time(text: &str) -> Result<String, RejectReason> {
    if let Some(date) = before_oclock(text) {
        return Ok(date);
    }
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let cut = text.char_indices().find(|&(at, c)| {
        (is_blank(c) || c == 'T')
            && digit(text[at + c.len_utf8()..].chars().next())
            && text[at..].contains(':')
            && text[..at].ends_with(|c: char| c.is_ascii_digit() || c == '日')
    });
    let Some((at, c)) = cut else { return Ok(text.chars().filter(|c| !is_blank(*c)).collect()) };
    let time = &text[at + c.len_utf8()..];
    let time = OWN_ZONE.iter().find_map(|zone| time.strip_suffix(zone)).unwrap_or(time).trim_end();
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    let parts: Vec<&str> = time.split(':').collect();
    let fits = |part: &&str, most: u8| part.len() <= 2 && part.parse::<u8>().is_ok_and(|n| n <= most);
    let fine = matches!(parts[..], [hour, minute] if fits(&hour, 24) && fits(&minute, 59))
        || matches!(parts[..], [hour, minute, second] if fits(&hour, 24) && fits(&minute, 59) && fits(&second, 60));
    if fine { Ok(text[..at].chars().filter(|c| !is_blank(*c)).collect()) } else { Err(RejectReason::NotADate) }
}

/// The date of `2021年4月1日(木) 9時30分`.
fn before_oclock(text: &str) -> Option<String> {
    let (date, time) = text.split_at(text.find('日')? + '日'.len_utf8());
    let time: String = time.chars().filter(|c| !is_blank(*c)).collect();
    let time = time.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.1)).unwrap_or(&time);
    let time = time.strip_prefix("午前").or_else(|| time.strip_prefix("午後")).unwrap_or(time);
    let begins = time.starts_with(|c: char| c.is_ascii_digit());
    let fits = begins && time.contains('時') && time.chars().all(|c| c.is_ascii_digit() || "時分秒".contains(c));
    fits.then(|| date.chars().filter(|c| !is_blank(*c)).collect())
}

fn without_weekday(text: &str) -> &str {
    let day = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    match day {
        Some((date, day)) if ["月", "火", "水", "木", "金", "土", "日"].contains(&day.trim_end_matches("曜日")) => {
            date
        }
        _ => text,
    }
}

/// Two labels of one period: `平成31年度/令和元年度`, `平成31年度(令和元年度)`, `平成31(令和元)年度`, `平成31・令和元年度`; the
/// second may be two again.
fn double(text: &str) -> Option<Result<DateLabel, RejectReason>> {
    let (one, other) = if let Some((one, rest)) = text.split_once('(') {
        let (inner, tail) = rest.split_once(')')?;
        (format!("{one}{tail}"), if tail.is_empty() { inner.to_owned() } else { format!("{inner}{tail}") })
    } else {
        let (one, other) = text.split_once(['/', '・'])?;
        (one.to_owned(), other.to_owned())
    };
    let one = single(&one).ok()?;
    let other = single(&other).ok().or_else(|| double(&other)?.ok())?;
    // Only the second label says the kind of year: `平成31・令和元年度`.
    let when = match (one.when, other.when) {
        (LabelledPeriod::Year(year), other @ LabelledPeriod::FiscalYear(fiscal)) if year == fiscal => other,
        (LabelledPeriod::Year(year), other @ LabelledPeriod::Month { year: same, .. }) if year == same => other,
        (one, other) if one == other => one,
        _ => return Some(Err(RejectReason::ErasDisagree)),
    };
    // One of the two eras is the right one.
    Some(Ok(DateLabel { when, plan_label: one.plan_label && other.plan_label }))
}

fn single(text: &str) -> Result<DateLabel, RejectReason> {
    let plain = |when| DateLabel { when, plan_label: false };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return compact(text).map(plain);
    }
    if let Some(when) = american(text) {
        return when.map(plain);
    }
    let (year, era, rest, fiscal) = leading_year(text)?;
    let when = after_year(year, era.is_some(), rest, fiscal)?;
    let Some(era) = era else { return Ok(plain(when)) };
    let (first, last) = when.days();
    if last < era.first {
        return Err(RejectReason::BeforeEra);
    }
    Ok(DateLabel { when, plan_label: era.is_over(first) })
}

/// `2019`, `201904`, `20190401`, `20190401093000`.
fn compact(digits: &str) -> Result<LabelledPeriod, RejectReason> {
    match digits.len() {
        4 => Ok(LabelledPeriod::Year(civil_year(digits)?)),
        6 => month_of(civil_year(&digits[..4])?, &digits[4..]),
        8 => day_of(civil_year(&digits[..4])?, &digits[4..6], &digits[6..]),
        14 if &digits[8..10] < "24" && &digits[10..12] < "60" && &digits[12..] < "60" => compact(&digits[..8]),
        1 | 2 => Err(RejectReason::NoYear),
        _ => Err(RejectReason::NotADate),
    }
}

/// `4/1/2019`: month, day, year.
fn american(text: &str) -> Option<Result<LabelledPeriod, RejectReason>> {
    let mut parts = text.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = year.len() == 4 && (1..=2).contains(&month.len()) && parts.next().is_none();
    let digits = [month, day, year].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    (fits && digits).then(|| day_of(civil_year(year)?, month, day))
}

/// The year at the beginning of a label, its era, the rest, and whether the prefix was FY.
fn leading_year(text: &str) -> Result<(i16, Option<Era>, &str, bool), RejectReason> {
    if let Some(rest) = text.strip_prefix("FY") {
        let (digits, rest) = digits(rest);
        return Ok((civil_year(digits)?, None, rest, true));
    }
    let text = text.strip_prefix("西暦").unwrap_or(text);
    if let Some((era, rest)) = leading_era(text) {
        let (number, rest) = match rest.strip_prefix('元') {
            Some(rest) => ("1", rest),
            None => digits(rest),
        };
        if !(1..=2).contains(&number.len()) {
            return Err(RejectReason::NotADate);
        }
        let number: i16 = number.parse().map_err(|_| RejectReason::NotADate)?;
        return Ok((era.year(number).ok_or(RejectReason::YearOutOfRange)?, Some(era), rest, false));
    }
    let (number, rest) = digits(text);
    match number.len() {
        1 | 2 if rest.starts_with(['年', '月', '日', '/', '-', '.']) => Err(RejectReason::NoYear),
        4 => Ok((civil_year(number)?, None, rest, false)),
        _ => Err(RejectReason::NotADate),
    }
}

fn leading_era(text: &str) -> Option<(Era, &str)> {
    let named = era::ERAS.into_iter().find_map(|era| Some((era, text.strip_prefix(era.name)?)));
    let first = text.chars().next()?;
    named.or_else(|| {
        let name = SHORT_ERAS
            .iter()
            .find(|(short, _)| *short == first)
            .map_or_else(|| first.to_string(), |(_, name)| (*name).to_owned());
        let rest = &text[first.len_utf8()..];
        // Some labels write `R.1.5` for `R1.5`.
        Some((era::named(&name)?, rest.strip_prefix('.').unwrap_or(rest)))
    })
}

fn after_year(year: i16, era: bool, rest: &str, fiscal: bool) -> Result<LabelledPeriod, RejectReason> {
    if fiscal {
        return after_fiscal_year(year, rest);
    }
    if let Some(rest) = rest.strip_prefix("年度") {
        return after_fiscal_year(year, rest);
    }
    if let Some(rest) = rest.strip_prefix('年') {
        return after_nen(year, rest);
    }
    let Some(separator) = rest.chars().next() else { return Ok(LabelledPeriod::Year(year)) };
    if separator == 'Q' {
        return quarter_of(year, &rest[1..]);
    }
    if !['/', '-', '.'].contains(&separator) {
        return Err(RejectReason::NotADate);
    }
    let rest = &rest[1..];
    if let Some(quarter) = rest.strip_prefix('Q') {
        return quarter_of(year, quarter);
    }
    if let Some(month) = rest.strip_suffix("末日").or_else(|| rest.strip_suffix('末')) {
        return month_of(year, month).map(|month| LabelledPeriod::Date(month.days().1));
    }
    match rest.split_once(separator) {
        Some((month, day)) => day_of(year, month, day),
        // A spreadsheet shortens 2019.10 to 2019.1.
        None if separator == '.' && !era => Err(RejectReason::NotADate),
        None => month_of(year, rest),
    }
}

fn after_nen(year: i16, rest: &str) -> Result<LabelledPeriod, RejectReason> {
    if rest.is_empty() {
        return Ok(LabelledPeriod::Year(year));
    }
    if rest.contains("四半期") || rest.contains('Q') {
        return Err(RejectReason::AmbiguousQuarter);
    }
    let (month, rest) = rest.split_once('月').ok_or(RejectReason::NotADate)?;
    let month = month_of(year, month)?;
    match (rest, month) {
        ("" | "分" | "中", month) => Ok(month),
        ("末" | "末日", month) => Ok(LabelledPeriod::Date(month.days().1)),
        (day, LabelledPeriod::Month { year, month }) => {
            let day = day.strip_suffix('日').ok_or(RejectReason::NotADate)?;
            day_of(year, &month.to_string(), day)
        }
        _ => Err(RejectReason::NotADate),
    }
}

fn after_fiscal_year(year: i16, rest: &str) -> Result<LabelledPeriod, RejectReason> {
    let quarter =
        rest.strip_suffix("四半期").or_else(|| rest.strip_suffix('Q')).map(|n| n.strip_prefix('第').unwrap_or(n));
    // `2021年度(決算)` names the kind of figures beside the year. 見込 and 予算 are not actual figures.
    if ["分", "決算", "決算額", "実績", "実績値", "(決算)", "(実績)"].contains(&rest) {
        return Ok(LabelledPeriod::FiscalYear(year));
    }
    if let Some(month) = rest.strip_suffix("月").or_else(|| rest.strip_suffix("月分")) {
        return match month_of(year, month)? {
            LabelledPeriod::Month { month: month @ 1..=3, .. } => {
                Ok(LabelledPeriod::Month { year: year.saturating_add(1), month })
            }
            month => Ok(month),
        };
    }
    match (rest, quarter.or_else(|| rest.strip_prefix(['-', '/']).unwrap_or(rest).strip_prefix('Q'))) {
        ("", _) => Ok(LabelledPeriod::FiscalYear(year)),
        ("末", _) => Ok(LabelledPeriod::Date(LabelledPeriod::FiscalYear(year).days().1)),
        (_, Some(quarter)) => quarter_of(year, quarter),
        _ => Err(RejectReason::NotADate),
    }
}

fn quarter_of(fiscal_year: i16, text: &str) -> Result<LabelledPeriod, RejectReason> {
    let kanji = ["一", "二", "三", "四"].iter().position(|kanji| *kanji == text);
    let quarter = match kanji {
        Some(at) => u8::try_from(at + 1).map_err(|_| RejectReason::NotADate)?,
        None if (1..=2).contains(&text.len()) => text.parse().map_err(|_| RejectReason::NotADate)?,
        None => return Err(RejectReason::NotADate),
    };
    if (1..=4).contains(&quarter) {
        Ok(LabelledPeriod::Quarter { fiscal_year, quarter })
    } else {
        Err(RejectReason::QuarterOutOfRange)
    }
}

fn month_of(year: i16, month: &str) -> Result<LabelledPeriod, RejectReason> {
    match two_digits(month)? {
        month @ 1..=12 => Ok(LabelledPeriod::Month { year, month }),
        _ => Err(RejectReason::MonthOutOfRange),
    }
}

fn day_of(year: i16, month: &str, day: &str) -> Result<LabelledPeriod, RejectReason> {
    let LabelledPeriod::Month { year, month } = month_of(year, month)? else { return Err(RejectReason::NotADate) };
    Date::new(year, month, two_digits(day)?).map(LabelledPeriod::Date).map_err(|_| RejectReason::DayOutOfRange)
}

fn two_digits(text: &str) -> Result<i8, RejectReason> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().map_err(|_| RejectReason::NotADate) } else { Err(RejectReason::NotADate) }
}

fn civil_year(digits: &str) -> Result<i16, RejectReason> {
    let year = if digits.len() == 4 {
        digits.parse().map_err(|_| RejectReason::NotADate)?
    } else {
        return Err(RejectReason::NotADate);
    };
    if (FIRST_YEAR..=LAST_YEAR).contains(&year) { Ok(year) } else { Err(RejectReason::YearOutOfRange) }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
