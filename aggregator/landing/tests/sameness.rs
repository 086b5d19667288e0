//! The same figures give the same bytes, on any machine.

mod support;

use landing::{Bounds, FigureKind, Frequency, LandingTarget, forecast};
use support::{figures, reach, series};

/// Calls that go to the system's libm, or that a compiler may join into one rounding.
const UNSTABLE: [&str; 22] = [
    ".exp(",
    ".exp2(",
    ".exp_m1(",
    ".ln(",
    ".ln_1p(",
    ".log(",
    ".log2(",
    ".log10(",
    ".powf(",
    ".powi(",
    ".cbrt(",
    ".hypot(",
    ".sin(",
    ".cos(",
    ".tan(",
    ".tanh(",
    ".sinh(",
    ".cosh(",
    ".atan(",
    ".mul_add(",
    "f64::exp",
    "f64::ln",
];

#[test]
fn answers_are_the_same_to_the_bit() {
    let mut digest = 0_u64;
    let mut add = |value: f64| digest = (digest.rotate_left(7) ^ value.to_bits()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for frequency in Frequency::ALL {
        for kind in [FigureKind::Level, FigureKind::RunningTotal, FigureKind::Ratio, FigureKind::Sum, FigureKind::Mean]
        {
            for count in [6, 13, 30, 75] {
                let mut some = series(frequency, kind, &figures(count));
                if kind == FigureKind::Ratio {
                    some.bounds = Bounds { lower: Some(0.0), upper: Some(300.0) };
                }
                let landed = forecast(&some, &reach(count + 5, LandingTarget::AtLeast(150.0))).unwrap();
                let (near, far) = (landed.interval80, landed.interval95);
                [landed.expected, near.low, near.high, far.low, far.high].into_iter().for_each(&mut add);
                landed.probability.into_iter().for_each(&mut add);
                landed.methods.iter().flat_map(|m| [m.weight, m.error]).for_each(&mut add);
            }
        }
    }
    // Written down once. A change of method changes it; another machine or build must not.
    assert_eq!(format!("{digest:016x}"), "a4558fe28dc2534c");
}

#[test]
fn no_code_calls_the_systems_libm() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let used: Vec<&str> = UNSTABLE.into_iter().filter(|call| code.contains(call)).collect();
        assert!(used.is_empty(), "{}: {used:?}", path.display());
        files += 1;
    }
    assert!(files > 10, "{files} files");
}
