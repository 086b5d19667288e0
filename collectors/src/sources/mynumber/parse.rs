//! An edition's rows: the city's become figures of equal `as_of`, unreadable ones rejects.

use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use super::super::row::{place, reason, rejected};
use super::super::source::PollContext;
use super::super::target::SeriesTarget;
use super::locate::{CityMatch, EditionTable};
use super::{MyNumber, as_of, locate, rate};
use crate::table::code::CodeForm;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::word;
use crate::table::total::is_total;
use crate::table::{Cell, Columns, Municipality, RejectReason, Sheet, SheetRow};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// A rate beside the figures that these do not make.
const RATE_DISAGREES: &str = "rate_disagrees";

const ONLY_HELD: ParseError = ParseError::Unfit {
    label: "only_held",
    why: "the file has 保有枚数 (cards in force) and no 交付枚数 (cards ever issued); these are two definitions: set `held`",
};
const ONLY_ISSUED: ParseError = ParseError::Unfit {
    label: "only_issued",
    why: "the file has 交付枚数 (cards ever issued) and no 保有枚数 (cards in force); these are two definitions: set `issued`",
};
const NO_SUCH_NAME: ParseError = ParseError::Unfit {
    label: "no_such_name",
    why: "no row has that prefecture and municipality; see `prefecture` and `municipality`",
};

/// What a row is to the city.
enum Whose {
    Ours,
    Others,
    Unreadable(RejectReason),
}

/// A kind of card that a file gives: the role of its column, the role of its rate, and where it goes.
type Card<'a> = (&'static str, &'static str, &'a SeriesTarget);

/// The role of the column at fault, and why.
type RowFault = (&'static str, &'static str);

/// Reads the edition, or the list of editions, in a file.
pub(super) fn parse(source: &MyNumber, sheets: &[Sheet], seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let table = locate::find(source, sheets)?;
    let cards = cards(source, &table.columns)?;
    let dated = table.columns.index("as_of").is_none();
    let roles: Vec<&str> = cards.iter().map(|(role, ..)| *role).collect();
    let date = dated.then(|| as_of::find(table.above, &table.header, &table.columns, &roles)).transpose()?;
    let as_of = date.map(Moment::midnight);
    let mut edition = Edition::new(source, &table, cards, as_of, seen);
    let form = CodeForm::of(table.columns.data(&table.sheet).map(|row| table.columns.cell(row, "code")));
    let (mut rows, mut ours, mut others) = (0_usize, 0_usize, BTreeMap::new());
    let mut prefecture = String::new();
    for row in table.columns.data(&table.sheet) {
        rows += 1;
        match whose(source, &table, row, form, &mut prefecture) {
            Whose::Ours => {
                ours += 1;
                edition.ours(row);
            }
            Whose::Unreadable(_) if edition.is_remark(row) => {}
            Whose::Unreadable(why) => edition.reject(row, "code", why.label()),
            Whose::Others => {
                if let Ok(as_of) = edition.instant(row) {
                    *others.entry(as_of).or_insert(0_usize) += 1;
                }
            }
        }
    }
    if rows == 0 {
        return Err(ParseError::NoRows);
    }
    if table.by == CityMatch::Name && ours == 0 {
        return Err(NO_SUCH_NAME);
    }
    let covers = edition.covers(&others);
    let Edition { figures, rejects, held, .. } = edition;
    Ok(ParsedFile {
        figures: figures.into_values().collect(),
        rejects,
        held: held.into_iter().collect(),
        covers,
        until: None,
    })
}

/// The kinds of card that the file has and the configuration wants. One never stands in for the other.
fn cards<'a>(source: &'a MyNumber, columns: &Columns) -> Result<Vec<Card<'a>>, ParseError> {
    let each = [("issued", "issued_rate", &source.issued), ("held", "held_rate", &source.held)];
    let given = each.into_iter().filter(|(role, ..)| columns.index(role).is_some());
    let cards: Vec<Card<'a>> = given.filter_map(|(role, rate, target)| Some((role, rate, target.as_ref()?))).collect();
    match (cards.is_empty(), columns.index("held").is_some()) {
        (false, _) => Ok(cards),
        (true, true) => Err(ONLY_HELD),
        (true, false) => Err(ONLY_ISSUED),
    }
}

fn whose(
    source: &MyNumber,
    table: &EditionTable<'_>,
    row: &SheetRow,
    form: Option<CodeForm>,
    prefecture: &mut String,
) -> Whose {
    let (columns, is_ours) = (&table.columns, |ours| if ours { Whose::Ours } else { Whose::Others });
    match (table.by, source.code, &source.name) {
        (CityMatch::Code, Some(code), _) => match Municipality::read(columns.cell(row, "code"), form) {
            Ok(found) => is_ours(found == code),
            Err(why) => Whose::Unreadable(why),
        },
        (CityMatch::Name, _, Some((of, name))) => {
            // A cell merged over the rows of a prefecture holds its name in the first.
            let said = word(&columns.cell(row, "prefecture").text());
            if !said.is_empty() {
                *prefecture = said;
            }
            is_ours(prefecture == of && is_called(&word(&columns.cell(row, "municipality").text()), name))
        }
        _ => Whose::Ours,
    }
}

/// True for a name, with or without its district: 「柴田郡川崎町」 is 「川崎町」 of that prefecture.
fn is_called(said: &str, name: &str) -> bool {
    let within = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|district| district.ends_with('郡'));
    !said.is_empty() && (said == name || within(said, name) || within(name, said))
}

struct Edition<'a> {
    source: &'a MyNumber,
    sheet: &'a Sheet,
    columns: &'a Columns,
    by: CityMatch,
    cards: Vec<Card<'a>>,
    /// The date of all rows, in a file without a column for it.
    as_of: Option<Moment>,
    seen: &'a PollContext,
    figures: BTreeMap<ParsedKey, ParsedFigure>,
    rejects: Vec<RejectedRow>,
    held: BTreeSet<ParsedKey>,
}

impl<'a> Edition<'a> {
    fn new(
        source: &'a MyNumber,
        table: &'a EditionTable<'_>,
        cards: Vec<Card<'a>>,
        as_of: Option<Moment>,
        seen: &'a PollContext,
    ) -> Self {
        let (figures, rejects, held) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self {
            source,
            sheet: &table.sheet,
            columns: &table.columns,
            by: table.by,
            cards,
            as_of,
            seen,
            figures,
            rejects,
            held,
        }
    }

    /// True for totals, which have no code, and for notes, which have no figures.
    fn is_remark(&self, row: &SheetRow) -> bool {
        let bare = ["population", "cards"].iter().all(|role| self.columns.cell(row, role).is_empty());
        let total = || row.cells.iter().any(is_total);
        bare || (self.columns.cell(row, "code").is_empty() && total())
    }

    /// 「1日現在」 and 「末日」 are 00:00 of that date.
    fn instant(&self, row: &SheetRow) -> Result<Moment, RejectReason> {
        if let Some(as_of) = self.as_of {
            return Ok(as_of);
        }
        match date::read_date_cell(self.columns.cell(row, "as_of"))?.when {
            LabelledPeriod::Date(date) => Ok(Moment::midnight(date)),
            _ => Err(RejectReason::NotADate),
        }
    }

    /// Takes a row of the city: all its figures, or a reject.
    fn ours(&mut self, row: &SheetRow) {
        // Where only the date tells, or nothing, a row may still be a note or a total; a row with the city's code or
        // name never is.
        let told = self.as_of.is_some() && self.by != CityMatch::Single;
        if !told && self.columns.cell(row, "as_of").is_empty() && self.is_remark(row) {
            return;
        }
        let as_of = match self.instant(row) {
            Ok(as_of) => as_of,
            Err(why) => return self.reject(row, "as_of", why.label()),
        };
        if self.seen.is_ahead(as_of) {
            return self.reject(row, "as_of", reason::IN_THE_FUTURE);
        }
        let read = self.figures(row, as_of).and_then(|figures| {
            let differs =
                |figure: &ParsedFigure| self.figures.get(&figure.key).is_some_and(|known| known.value != figure.value);
            if figures.iter().any(differs) { Err(("population", reason::STANDS_TWICE)) } else { Ok(figures) }
        });
        match read {
            // What was in dispute once stays so, whatever a third row says.
            Ok(figures) if figures.iter().any(|figure| self.held.contains(&figure.key)) => {}
            Ok(figures) => self.figures.extend(figures.into_iter().map(|figure| (figure.key.clone(), figure))),
            Err((role, why)) => self.hold(row, as_of, role, why),
        }
    }

    /// The figures of a row.
    fn figures(&self, row: &SheetRow, as_of: Moment) -> Result<Vec<ParsedFigure>, RowFault> {
        let Some(people) = &self.source.population else { return Ok(Vec::new()) };
        let read = |role: &'static str, target: &SeriesTarget| -> Result<(Value, ParsedFigure), RowFault> {
            let value = value(self.columns.cell(row, role), target).map_err(|why| (role, why.label()))?;
            Ok((value.clone(), self.figure(row, target, as_of, value)))
        };
        let mut figures = Vec::with_capacity(3);
        let mut counts = Vec::with_capacity(2);
        for (role, rate, target) in &self.cards {
            let (value, figure) = read(role, target)?;
            figures.push(figure);
            counts.push((*rate, value));
        }
        let (population, figure) = read("population", people)?;
        figures.push(figure);
        for (role, count) in counts {
            if let (Value::Known(count), Value::Known(population)) = (count, &population) {
                let agrees = rate::agrees(self.columns.cell(row, role), count, *population);
                if !agrees.map_err(|why| (role, why.label()))? {
                    return Err((role, RATE_DISAGREES));
                }
            }
        }
        Ok(figures)
    }

    /// Rejects a row of a known date: what was published of that date neither changes nor is withdrawn.
    fn hold(&mut self, row: &SheetRow, as_of: Moment, role: &str, why: &'static str) {
        let targets = self.cards.iter().map(|(.., target)| *target).chain(&self.source.population);
        let keys: Vec<ParsedKey> = targets.map(|target| key(target, as_of)).collect();
        for key in keys {
            self.figures.remove(&key);
            self.held.insert(key);
        }
        self.reject(row, role, why);
    }

    fn reject(&mut self, row: &SheetRow, role: &str, why: &'static str) {
        self.rejects.push(rejected(self.columns, self.sheet, row, role, why));
    }

    fn figure(&self, row: &SheetRow, target: &SeriesTarget, as_of: Moment, value: Value) -> ParsedFigure {
        let place = place(self.sheet, row);
        ParsedFigure { key: key(target, as_of), value, breakdown: None, finality: Finality::Final, place }
    }

    /// One edition speaks for its own instant, a list of editions for all from its first one on. Without
    /// a row of the city, the instant of most rows is the edition's.
    fn covers(&self, others: &BTreeMap<Moment, usize>) -> Coverage {
        let instants = self.figures.keys().chain(&self.held).map(|key| key.span);
        let (first, last) = (instants.clone().min(), instants.max());
        match (first, last) {
            (Some(Span::AsOf(first)), Some(Span::AsOf(last))) if first < last => Coverage::From(first),
            (Some(Span::AsOf(only)), _) => Coverage::Instant(only),
            _ => others
                .iter()
                .max_by_key(|(_, rows)| **rows)
                .map_or(Coverage::Nothing, |(most, _)| Coverage::Instant(*most)),
        }
    }
}

fn key(target: &SeriesTarget, as_of: Moment) -> ParsedKey {
    let definition = target.definition.clone().unwrap_or_default();
    ParsedKey { series: target.series.clone(), definition, span: Span::AsOf(as_of) }
}

/// An edition has exact figures; a dash says that there is none, an empty cell is a fault.
fn value(cell: &Cell, target: &SeriesTarget) -> Result<Value, RejectReason> {
    if cell.is_empty() {
        return Err(RejectReason::Empty);
    }
    match number::integer(cell, Some(&target.unit))? {
        Number::Known(value) => Ok(Value::Known(value)),
        Number::Missing(why) => Ok(Value::Unknown(why.to_owned())),
        Number::About { .. } => Err(RejectReason::NotAnInteger),
    }
}
