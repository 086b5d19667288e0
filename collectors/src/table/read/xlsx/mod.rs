//! Workbooks: the cells of every worksheet, read one at a time.
//!
//! The cells come from the cell stream of calamine, because its ranges allocate memory for everything between the outermost
//! cells. Charts are not sheets, a formula has its stored value, and a merged cell has its value in the first cell.

use super::super::error::TableError;
use super::super::limits::{Budget, MAX_ROWS, TableLimits};
use super::super::sheet::{Cell, MergedCells, Sheet, SheetRow};
use super::container;
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Maximum merged cells of a sheet: one for every tenth row that Excel can store.
const MAX_MERGED: usize = 100_000;

/// All worksheets of a workbook, in its order.
pub(crate) fn read(bytes: &[u8], limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    container::inspect(bytes, limits)?;
    // calamine computes cell references unchecked: `A99999999999` panics where overflow is checked. No value outlives the
    // closure, so no partial state remains.
    catch_unwind(AssertUnwindSafe(|| read_trusted(bytes, limits)))
        .unwrap_or(Err(TableError::Workbook("it breaks the workbook reader")))
}

fn read_trusted(bytes: &[u8], limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| fault(&error))?;
    let listed: Vec<_> = workbook.sheets_metadata().to_vec();
    if listed.len() > limits.sheets {
        return Err(TableError::too_large("sheets", limits.sheets));
    }
    let mut budget = Budget::new(limits);
    let mut sheets = Vec::new();
    for sheet in listed.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let rows = match read_rows(&mut workbook, &sheet.name, &mut budget) {
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

fn read_rows(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, budget: &mut Budget) -> Result<Vec<SheetRow>, SheetFault> {
    let mut reader = workbook.worksheet_cells_reader(name)?;
    let mut rows: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        let value = convert(cell.get_value(), budget)?;
        if value.is_empty() {
            continue;
        }
        // A reference beyond every sheet overflowed inside calamine.
        if row as usize >= MAX_ROWS {
            return Err(TableError::too_large("rows", MAX_ROWS).into());
        }
        let count = rows.len() + usize::from(!rows.contains_key(&row));
        let cells = rows.entry(row).or_default();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= cells.len() {
            let width = column.saturating_add(1);
            if width > budget.limits.columns {
                return Err(TableError::too_large("columns", budget.limits.columns).into());
            }
            budget.row(width - cells.len(), count)?;
            cells.resize(width, Cell::Empty);
        }
        cells[column] = value;
    }
    let rows = rows.into_iter().filter_map(|(row, cells)| SheetRow::new(row.saturating_add(1), cells));
    Ok(rows.collect())
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

fn convert(value: &DataRef<'_>, budget: &mut Budget) -> Result<Cell, TableError> {
    let text = |text: &str, budget: &mut Budget| budget.text(text).map(|()| Cell::of_text(text));
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        #[expect(
            clippy::cast_precision_loss,
            reason = "calamine reads no such cell from an xlsx; a workbook stores f64"
        )]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) if number.is_finite() => Cell::Number(*number),
        DataRef::Float(_) | DataRef::Error(_) => Cell::Error,
        DataRef::String(string) | DataRef::DurationIso(string) => text(string, budget)?,
        DataRef::SharedString(string) => text(string, budget)?,
        DataRef::DateTimeIso(string) => match string.parse::<DateTime>() {
            Ok(at) => Cell::Date(at),
            Err(_) => text(string, budget)?,
        },
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(at) if at.is_datetime() && at.as_f64() >= 1.0 => instant(*at).map_or(Cell::Error, Cell::Date),
        DataRef::DateTime(at) => Cell::Number(at.as_f64()),
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
