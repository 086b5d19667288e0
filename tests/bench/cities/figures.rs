//! A city: its name, and its figure of any series and day, from the seed alone.

use std::ops::Range;

/// How much a correction adds.
const CORRECTION: i64 = 5;
/// Days with figures: fiscal years 2019 to 2021.
pub(crate) const DAYS: u32 = 1096;
/// The fiscal years and their days; the first holds the 29 February.
pub(crate) const YEARS: [(&str, Range<u32>); 3] = [("FY2019", 0..366), ("FY2020", 366..731), ("FY2021", 731..DAYS)];

/// Invented names are put together of these: as written, in Latin letters, in kana.
const FIRST: [(&str, &str, &str); 12] = [
    ("北", "kita", "きた"),
    ("南", "minami", "みなみ"),
    ("東", "higashi", "ひがし"),
    ("西", "nishi", "にし"),
    ("上", "kami", "かみ"),
    ("下", "shimo", "しも"),
    ("新", "shin", "しん"),
    ("大", "oo", "おお"),
    ("小", "ko", "こ"),
    ("中", "naka", "なか"),
    ("高", "taka", "たか"),
    ("長", "naga", "なが"),
];
const SECOND: [(&str, &str, &str); 12] = [
    ("川", "kawa", "かわ"),
    ("山", "yama", "やま"),
    ("野", "no", "の"),
    ("原", "hara", "はら"),
    ("田", "ta", "た"),
    ("島", "shima", "しま"),
    ("浜", "hama", "はま"),
    ("崎", "saki", "さき"),
    ("沢", "sawa", "さわ"),
    ("谷", "tani", "たに"),
    ("橋", "hashi", "はし"),
    ("宮", "miya", "みや"),
];
const THIRD: [(&str, &str, &str); 13] = [
    ("市", "shi", "し"),
    ("町", "cho", "ちょう"),
    ("村", "mura", "むら"),
    ("本市", "moto-shi", "もとし"),
    ("本町", "moto-cho", "もとちょう"),
    ("本村", "moto-mura", "もとむら"),
    ("井市", "i-shi", "いし"),
    ("井町", "i-cho", "いちょう"),
    ("井村", "i-mura", "いむら"),
    ("木市", "ki-shi", "きし"),
    ("木町", "ki-cho", "きちょう"),
    ("木村", "ki-mura", "きむら"),
    ("里市", "sato-shi", "さとし"),
];

/// One city with one plan.
pub(crate) struct City {
    /// Id of its plan.
    pub(crate) id: String,
    /// Its name in Japanese.
    pub(crate) name: String,
    /// How that is read.
    pub(crate) kana: String,
    seed: u64,
    /// Per cent of what is usual that its targets ask for.
    pub(crate) ambition: u32,
}

impl City {
    /// The city of a number below the municipalities of Japan.
    pub(crate) fn new(seed: u64, number: u32) -> Self {
        let number = number as usize;
        let (first, second) = (FIRST[number % 12], SECOND[number / 12 % 12]);
        let third = THIRD[number / 144];
        let seed = mixed(seed, number as u64);
        let ambition = 90 + u32::try_from(seed % 20).unwrap_or(0);
        Self {
            id: format!("{}{}-{}", first.1, second.1, third.1),
            name: format!("{}{}{}", first.0, second.0, third.0),
            kana: format!("{}{}{}", first.2, second.2, third.2),
            seed,
            ambition,
        }
    }

    /// The day of a series that is corrected after all polls: one figure of each source.
    pub(crate) fn corrected_day(&self, series: u32) -> Option<u32> {
        let day = u32::try_from(mixed(self.seed, u64::from(DAYS + series)) % u64::from(DAYS)).unwrap_or(0);
        (series < crate::plan::SOURCES).then_some(day)
    }

    /// The figure of a series and day with its correction.
    pub(crate) fn newest(&self, series: u32, day: u32) -> i64 {
        let corrected = self.corrected_day(series) == Some(day);
        self.value(series, day) + if corrected { CORRECTION } else { 0 }
    }

    /// The figure of a series on a day since 1 April 2019: a count around 488, or a level that grows by about 488 a day.
    pub(crate) fn value(&self, series: u32, day: u32) -> i64 {
        let random = i64::try_from(mixed(self.seed, u64::from(series * 10_000 + day)) % 977).unwrap_or(0);
        if crate::plan::is_level(series) { i64::from(day) * 488 + random } else { random }
    }
}

/// The finaliser of SplitMix64.
fn mixed(seed: u64, step: u64) -> u64 {
    let mut z = seed.wrapping_add((step + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
