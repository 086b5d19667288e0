//! What numbers are multiplied by, and the step they are counted in.

use super::super::reject::RejectReason;
use contract::decimals::Decimals;

/// What one is multiplied by, and the step it is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureScale {
    /// Numbers are multiplied by this: 105.3 of 億円 are 10,530,000,000 円.
    pub scale: i64,
    /// Digits after the point of the figure: it is read as an integer of that step.
    pub decimals: Decimals,
}

impl FigureScale {
    /// Steps that one of a cell makes.
    pub(super) fn steps(self) -> i128 {
        i128::from(self.scale) * i128::from(self.decimals.per_unit())
    }

    /// Why a number that is no multiple of the step is rejected.
    pub(super) fn too_fine(self) -> RejectReason {
        if self.decimals == Decimals::WHOLE { RejectReason::NotAnInteger } else { RejectReason::TooManyDecimals }
    }
}
