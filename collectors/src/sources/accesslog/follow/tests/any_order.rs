//! Any order of writes, rotations, polls and crashes.

use super::world::World;
use contract::record::Value;
use std::collections::BTreeMap;

/// Writes, rotations of all kinds, polls, and polls whose result is lost, in random order: no line is lost or doubled.
#[test]
fn counts_are_right_in_any_order_of_events() {
    for seed in 0..60 {
        let (mut world, mut random) = (World::new(""), Random(seed));
        let mut right: BTreeMap<i64, i64> = BTreeMap::new();
        let (mut hour, mut rotations) = (1, 0);
        world.write("a.log", &[0]);
        world.poll(0);
        for _ in 0..120 {
            match random.below(12) {
                0..=4 => {
                    for _ in 0..=random.below(30) {
                        let line = world.line(hour);
                        *right.entry(hour).or_default() += 1;
                        world.append("a.log", &line);
                    }
                }
                5 => {
                    let half = world.line(hour);
                    *right.entry(hour).or_default() += 1;
                    let cut = random.below(half.len());
                    world.append("a.log", &half[..cut]);
                    if random.below(2) == 0 {
                        let _lost = world.advance();
                    }
                    world.append("a.log", &half[cut..]);
                }
                6 => hour += i64::try_from(random.below(3)).unwrap(),
                7 => {
                    // A writer goes on in the new file at once, as a server does.
                    rotations += 1;
                    for n in (1..rotations).rev() {
                        for ending in ["", ".gz"] {
                            let [from, to] = [n, n + 1].map(|n| format!("a.log.{n}{ending}"));
                            if world.path(&from).exists() {
                                world.rename(&from, &to);
                            }
                        }
                    }
                    if random.below(2) == 0 {
                        world.rename("a.log", "a.log.1");
                    } else {
                        world.copy_and_cut("a.log", "a.log.1");
                    }
                    let line = world.line(hour);
                    *right.entry(hour).or_default() += 1;
                    world.append("a.log", &line);
                    if random.below(2) == 0 {
                        world.pack("a.log.1", "a.log.1.gz");
                    }
                }
                8 => {
                    world.limit = [u64::MAX, 3_000, 500][random.below(3)];
                    world.now = (hour, 30);
                    // Killed before it was committed.
                    let _lost = world.advance();
                }
                _ => world.poll(hour),
            }
        }
        world.limit = u64::MAX;
        world.poll(hour + 3);
        for (hour, count) in right {
            assert_eq!(
                world.published.get(&hour).map(|figure| &figure.0),
                Some(&Value::Known(count)),
                "seed {seed} hour {hour}"
            );
        }
        assert_eq!(world.rejects, [], "seed {seed}");
    }
}

/// A small generator (xorshift), so that a seed replays a failure.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((x ^ (x >> 31)) % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}
