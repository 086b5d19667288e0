//! Workbooks: the cells of every worksheet, read one at a time.
//!
//! The cells come from the cell stream of calamine, because its ranges allocate memory for everything between the outermost
//! cells. Charts are not sheets, a formula has its stored value, and a merged cell has its value in the first cell. A number comes
//! with the number format that shows it, where that changes its meaning.

use super::super::error::TableError;
use super::super::limits::{Budget, MAX_ROWS, TableLimits};
use super::super::number_format::{NumberFormat, ShownStyle};
use super::super::sheet::{Cell, MergedCells, Sheet, SheetRow};
use super::container;
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Maximum merged cells of a sheet: one for every tenth row that Excel can store.
const MAX_MERGED: usize = 100_000;

/// All worksheets of a workbook, in its order.
pub(crate) fn read(bytes: &[u8], limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    let formulas = container::inspect(bytes, limits)?;
    // calamine computes cell references unchecked: `A99999999999` panics where overflow is checked. No value outlives the
    // closure, so no partial state remains.
    catch_unwind(AssertUnwindSafe(|| read_trusted(bytes, formulas, limits)))
        .unwrap_or(Err(TableError::Workbook("it breaks the workbook reader")))
}

fn read_trusted(bytes: &[u8], formulas: bool, limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| fault(&error))?;
    let listed: Vec<_> = workbook.sheets_metadata().to_vec();
    if listed.len() > limits.sheets {
        return Err(TableError::too_large("sheets", limits.sheets));
    }
    let mut budget = Budget::new(limits);
    let mut styles = CellStyles { shown: None, days_1904: workbook.has_1904_epoch() };
    let mut sheets = Vec::new();
    for sheet in listed.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let rows = match read_rows(&mut workbook, &sheet.name, formulas, &mut styles, &mut budget) {
            Ok(rows) => rows,
            // A chart can be listed as a worksheet; only its content shows it.
            Err(SheetFault::NotAWorksheet) => continue,
            Err(SheetFault::Table(error)) => return Err(error),
        };
        let merged = merged(&mut workbook, &sheet.name)?;
        sheets.push(Sheet { hidden: sheet.visible != SheetVisible::Visible, name: Some(sheet.name), rows, merged });
    }
    Ok(sheets)
}

/// What the cell styles of a workbook show, read once from the first worksheet's reader.
struct CellStyles {
    shown: Option<Vec<ShownStyle>>,
    /// True for a workbook that counts its days from 1904.
    days_1904: bool,
}

impl CellStyles {
    fn learn(&mut self, styles: &[Style]) {
        let shown = |style: &Style| {
            style.number_format.as_ref().map(|format| ShownStyle::of(&format.format_code)).unwrap_or_default()
        };
        self.shown.get_or_insert_with(|| styles.iter().map(shown).collect());
    }

    fn number(&self, number: f64, style: ShownStyle) -> Cell {
        match style.format(number) {
            Some(format) => Cell::Formatted(number, format),
            None if self.days_1904 => Cell::Formatted(number, NumberFormat::Days1904),
            None => Cell::Number(number),
        }
    }

    fn of(&self, id: usize) -> ShownStyle {
        self.shown.as_ref().and_then(|shown| shown.get(id)).copied().unwrap_or_default()
    }
}

enum SheetFault {
    NotAWorksheet,
    Table(TableError),
}

impl From<XlsxError> for SheetFault {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::NotAWorksheet(_) => Self::NotAWorksheet,
            error => Self::Table(fault(&error)),
        }
    }
}

impl From<TableError> for SheetFault {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

fn read_rows(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    formulas: bool,
    styles: &mut CellStyles,
    budget: &mut Budget,
) -> Result<Vec<SheetRow>, SheetFault> {
    let mut reader = workbook.worksheet_cells_reader(name)?;
    styles.learn(reader.styles());
    let mut grid = Grid::default();
    let mut blanks = false;
    while let Some((cell, style)) = reader.next_cell_with_style_id()? {
        let value = convert(cell.get_value(), styles, styles.of(style), budget)?;
        blanks |= matches!(cell.get_value(), DataRef::Empty);
        grid.put(cell.get_position(), value, budget)?;
    }
    drop(reader);
    // A formula that was saved without its value looks like a blank cell, and only another pass tells them apart.
    if blanks && formulas {
        let mut reader = workbook.worksheet_cells_reader(name)?;
        while let Some(cell) = reader.next_cell_with_formula_metadata()? {
            if cell.formula.is_some() && matches!(cell.value, DataRef::Empty) {
                grid.put(cell.pos, Cell::Error, budget)?;
            }
        }
    }
    Ok(grid.rows())
}

/// The cells of a sheet by row, up to the last of each row that is not empty.
#[derive(Default)]
struct Grid(BTreeMap<u32, Vec<Cell>>);

impl Grid {
    fn put(&mut self, (row, column): (u32, u32), value: Cell, budget: &mut Budget) -> Result<(), TableError> {
        if value.is_empty() {
            return Ok(());
        }
        // A reference beyond every sheet overflowed inside calamine.
        if row as usize >= MAX_ROWS {
            return Err(TableError::too_large("rows", MAX_ROWS));
        }
        let count = self.0.len() + usize::from(!self.0.contains_key(&row));
        let cells = self.0.entry(row).or_default();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= cells.len() {
            let width = column.saturating_add(1);
            if width > budget.limits.columns {
                return Err(TableError::too_large("columns", budget.limits.columns));
            }
            budget.row(width - cells.len(), count)?;
            cells.resize(width, Cell::Empty);
        }
        cells[column] = value;
        Ok(())
    }

    fn rows(self) -> Vec<SheetRow> {
        let rows = self.0.into_iter();
        rows.filter_map(|(row, cells)| SheetRow::new(row.saturating_add(1), cells)).collect()
    }
}

/// The cells that are merged over several rows.
fn merged(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<MergedCells, TableError> {
    let mut merged = MergedCells::default();
    let areas = workbook.merge_cells_by_sheet_name(name).map_err(|error| fault(&error))?;
    if areas.len() > MAX_MERGED {
        return Err(TableError::too_large("merged cells", MAX_MERGED));
    }
    for area in areas.iter().filter(|area| area.start.0 < area.end.0) {
        let column = usize::try_from(area.start.1).unwrap_or(usize::MAX);
        merged.add(column, area.start.0.saturating_add(1), area.end.0.saturating_add(1));
    }
    Ok(merged)
}

fn convert(
    value: &DataRef<'_>,
    styles: &CellStyles,
    style: ShownStyle,
    budget: &mut Budget,
) -> Result<Cell, TableError> {
    let text = |text: &str, budget: &mut Budget| budget.text(text).map(|()| Cell::of_text(text));
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        #[expect(
            clippy::cast_precision_loss,
            reason = "calamine reads no such cell from an xlsx; a workbook stores f64"
        )]
        DataRef::Int(number) => styles.number(*number as f64, style),
        DataRef::Float(number) if number.is_finite() => styles.number(*number, style),
        DataRef::Float(_) | DataRef::Error(_) => Cell::Error,
        DataRef::String(string) | DataRef::DurationIso(string) => text(string, budget)?,
        DataRef::SharedString(string) => text(string, budget)?,
        DataRef::DateTimeIso(string) => match string.parse::<DateTime>() {
            Ok(at) => Cell::Date(at),
            Err(_) => text(string, budget)?,
        },
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(at) if at.is_duration() => Cell::Formatted(at.as_f64(), NumberFormat::Duration),
        DataRef::DateTime(at) if at.as_f64() < 1.0 => Cell::Formatted(at.as_f64(), NumberFormat::Other),
        DataRef::DateTime(at) => match instant(*at) {
            Some(at) if style.without_year => Cell::YearlessDate(at),
            Some(at) => Cell::Date(at),
            None => Cell::Error,
        },
    })
}

/// The civil time of a workbook's date; `None` for 29 February 1900, which exists only in Excel.
fn instant(at: ExcelDateTime) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let narrow = |n: u8| i8::try_from(n).ok();
    let date = Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
    let nanosecond = i32::from(milli) * 1_000_000;
    let time = jiff::civil::Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, nanosecond).ok()?;
    Some(DateTime::from_parts(date, time))
}

/// The errors of calamine can quote cells, so only their kind is used.
fn fault(error: &XlsxError) -> TableError {
    TableError::Workbook(match error {
        XlsxError::Password => "it is protected by a password",
        XlsxError::Zip(_) | XlsxError::Io(_) => "a part is damaged",
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound | XlsxError::WorksheetNotFound(_) => {
            "a part is missing: it may be another kind of zip file"
        }
        XlsxError::CellError(_) => "a formula failed in a way the reader does not know",
        _ => "its XML is not as the standard says",
    })
}

#[cfg(test)]
pub(crate) mod tests;
