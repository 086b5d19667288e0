//! The rows of an edition: those of the city give figures of equal `as_of`, unreadable ones give rejects.

use super::config::MyNumberSource;
use super::locate::{CityMatch, EditionTable};
use super::{as_of, locate, rate};
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use crate::sources::row::{RowFault, place, reason, rejected};
use crate::sources::source::PollContext;
use crate::sources::target::SeriesTarget;
use crate::table::code::CodeForm;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number;
use crate::table::text::word;
use crate::table::total::is_total;
use crate::table::{Cell, Columns, Municipality, RejectReason, Sheet, SheetRow};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// A published rate differs from the figures of its row.
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

/// The municipality of a row.
enum RowOwner {
    City,
    Another,
    Unreadable(RejectReason),
}

/// A kind of card in a file: the role of its column, the role of its rate, and its series.
type CardColumn<'a> = (&'static str, &'static str, &'a SeriesTarget);

/// Reads the edition, or the list of editions, in a file.
pub(super) fn parse(
    source: &MyNumberSource,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let table = locate::find(source, sheets)?;
    let cards = cards(source, &table.columns)?;
    let dated = table.columns.index("as_of").is_none();
    let roles: Vec<&str> = cards.iter().map(|(role, ..)| *role).collect();
    let date = dated.then(|| as_of::find(table.above, &table.header, &table.columns, &roles)).transpose()?;
    let as_of = date.map(Moment::midnight);
    let mut edition = EditionReader::new(source, &table, cards, as_of, context);
    let form = CodeForm::of(table.columns.data(&table.sheet).map(|row| table.columns.cell(row, "code")));
    let (mut rows, mut found, mut others) = (0_usize, 0_usize, BTreeMap::new());
    let mut prefecture = String::new();
    for row in table.columns.data(&table.sheet) {
        rows += 1;
        match owner(source, &table, row, form, &mut prefecture) {
            RowOwner::City => {
                found += 1;
                edition.add(row);
            }
            RowOwner::Unreadable(_) if edition.is_remark(row) => {}
            RowOwner::Unreadable(why) => edition.reject(row, "code", why.label()),
            RowOwner::Another => {
                if let Ok(as_of) = edition.instant(row) {
                    *others.entry(as_of).or_insert(0_usize) += 1;
                }
            }
        }
    }
    if rows == 0 {
        return Err(ParseError::NoRows);
    }
    if table.by == CityMatch::Name && found == 0 {
        return Err(NO_SUCH_NAME);
    }
    let covers = edition.covers(&others);
    let EditionReader { figures, rejects, held, .. } = edition;
    Ok(ParsedFile {
        figures: figures.into_values().collect(),
        rejects,
        held: held.into_iter().collect(),
        covers,
        until: None,
    })
}

/// The kinds of card that the file has and the configuration names. One never replaces the other.
fn cards<'a>(source: &'a MyNumberSource, columns: &Columns) -> Result<Vec<CardColumn<'a>>, ParseError> {
    let each = [("issued", "issued_rate", &source.issued), ("held", "held_rate", &source.held)];
    let given = each.into_iter().filter(|(role, ..)| columns.index(role).is_some());
    let cards: Vec<CardColumn<'a>> =
        given.filter_map(|(role, rate, target)| Some((role, rate, target.as_ref()?))).collect();
    match (cards.is_empty(), columns.index("held").is_some()) {
        (false, _) => Ok(cards),
        (true, true) => Err(ONLY_HELD),
        (true, false) => Err(ONLY_ISSUED),
    }
}

fn owner(
    source: &MyNumberSource,
    table: &EditionTable<'_>,
    row: &SheetRow,
    form: Option<CodeForm>,
    prefecture: &mut String,
) -> RowOwner {
    let (columns, is_ours) = (&table.columns, |ours| if ours { RowOwner::City } else { RowOwner::Another });
    match (table.by, source.code, &source.name) {
        (CityMatch::Code, Some(code), _) => match Municipality::read(columns.cell(row, "code"), form) {
            Ok(found) => is_ours(found == code),
            Err(why) => RowOwner::Unreadable(why),
        },
        (CityMatch::Name, _, Some((of, name))) => {
            // A cell that is merged over the rows of a prefecture has the name in the first row.
            let named = word(&columns.cell(row, "prefecture").text());
            if !named.is_empty() {
                *prefecture = named;
            }
            is_ours(prefecture == of && is_called(&word(&columns.cell(row, "municipality").text()), name))
        }
        _ => RowOwner::City,
    }
}

/// True for a name, with or without its district: 「柴田郡川崎町」 is 「川崎町」 of that prefecture.
fn is_called(text: &str, name: &str) -> bool {
    let within = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|district| district.ends_with('郡'));
    !text.is_empty() && (text == name || within(text, name) || within(name, text))
}

struct EditionReader<'a> {
    source: &'a MyNumberSource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    by: CityMatch,
    cards: Vec<CardColumn<'a>>,
    /// The date of all rows, in a file without a column for it.
    as_of: Option<Moment>,
    context: &'a PollContext,
    figures: BTreeMap<ParsedKey, ParsedFigure>,
    rejects: Vec<RejectedRow>,
    held: BTreeSet<ParsedKey>,
}

impl<'a> EditionReader<'a> {
    fn new(
        source: &'a MyNumberSource,
        table: &'a EditionTable<'_>,
        cards: Vec<CardColumn<'a>>,
        as_of: Option<Moment>,
        context: &'a PollContext,
    ) -> Self {
        let (figures, rejects, held) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self {
            source,
            sheet: &table.sheet,
            columns: &table.columns,
            by: table.by,
            cards,
            as_of,
            context,
            figures,
            rejects,
            held,
        }
    }

    /// True for totals, which have no code, and notes, which have no figures.
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

    /// Adds a row of the city: all its figures, or a reject.
    fn add(&mut self, row: &SheetRow) {
        // Without a code or name a row can still be a note or a total.
        let identified = self.as_of.is_some() && self.by != CityMatch::Single;
        if !identified && self.columns.cell(row, "as_of").is_empty() && self.is_remark(row) {
            return;
        }
        let as_of = match self.instant(row) {
            Ok(as_of) => as_of,
            Err(why) => return self.reject(row, "as_of", why.label()),
        };
        if self.context.is_ahead(as_of) {
            return self.reject(row, "as_of", reason::IN_THE_FUTURE);
        }
        let read = self.figures(row, as_of).and_then(|figures| {
            let differs =
                |figure: &ParsedFigure| self.figures.get(&figure.key).is_some_and(|other| other.value != figure.value);
            if figures.iter().any(differs) { Err(("population", reason::STANDS_TWICE)) } else { Ok(figures) }
        });
        match read {
            // Two rows disagree already, so a third one does not decide.
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

    /// Rejects a row with a date: the published figures of that date neither change nor are withdrawn.
    fn hold(&mut self, row: &SheetRow, as_of: Moment, role: &str, why: &'static str) {
        let targets = self.cards.iter().map(|(.., target)| *target).chain(&self.source.population);
        let keys: Vec<ParsedKey> = targets.map(|target| target.key(Span::AsOf(as_of))).collect();
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
        ParsedFigure { key: target.key(Span::AsOf(as_of)), value, breakdown: None, finality: Finality::Final, place }
    }

    /// One edition covers its own instant, a list of editions everything from the first one. Without a row of the city, the
    /// instant of most rows is that of the edition.
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

/// An edition has exact figures. A dash is a missing figure, an empty cell is rejected.
fn value(cell: &Cell, target: &SeriesTarget) -> Result<Value, RejectReason> {
    if cell.is_empty() {
        return Err(RejectReason::Empty);
    }
    number::integer(cell, Some(&target.unit))?.exact()
}
