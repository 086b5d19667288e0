//! A brake on wrong tokens: after a few from one address each is answered late and with 429.
//!
//! The right token is never braked: whoever tries many from behind the same proxy must not lock its holder out.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Wrong tokens of one address that are answered at once.
const FREE: u32 = 5;
/// How long an address must be quiet until it is treated as any other.
const FORGET_AFTER: Duration = Duration::from_mins(1);
/// How late the answer is beyond them.
const DELAY: Duration = Duration::from_secs(1);
/// Answers that are late at the same time; further ones are refused at once, so that none of them takes a place of pages.
const MAX_DELAYED: usize = 8;
/// Addresses that are remembered.
const MAX_ADDRESSES: usize = 1_024;

/// Where a request comes from; a network of IPv6 is one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PeerAddress(IpAddr);

impl Default for PeerAddress {
    fn default() -> Self {
        Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
            ip @ IpAddr::V4(_) => ip,
        })
    }
}

/// The wrong tokens of each address.
pub(super) struct TokenBrake {
    wrong: Mutex<BTreeMap<PeerAddress, WrongTokens>>,
    delayed: Semaphore,
}

#[derive(Clone, Copy)]
struct WrongTokens {
    count: u32,
    last: Instant,
}

impl Default for TokenBrake {
    fn default() -> Self {
        Self { wrong: Mutex::default(), delayed: Semaphore::new(MAX_DELAYED) }
    }
}

impl TokenBrake {
    /// Notes a wrong token; true when its address has given too many, after a pause.
    pub(super) async fn wrong(&self, from: PeerAddress, now: Instant) -> bool {
        let count = self.note(from, now);
        if count <= FREE {
            return false;
        }
        if count == FREE + 1 {
            tracing::warn!(address = %from.0, "an address gives many wrong tokens; its further ones are answered late");
        }
        if let Ok(_place) = self.delayed.try_acquire() {
            tokio::time::sleep(DELAY).await;
        }
        true
    }

    fn note(&self, from: PeerAddress, now: Instant) -> u32 {
        let mut wrong = self.wrong.lock();
        wrong.retain(|_, tokens| now.duration_since(tokens.last) < FORGET_AFTER);
        if wrong.len() >= MAX_ADDRESSES && !wrong.contains_key(&from) {
            let oldest = wrong.iter().min_by_key(|(_, tokens)| tokens.last).map(|(address, _)| *address);
            oldest.map(|address| wrong.remove(&address));
        }
        let tokens = wrong.entry(from).or_insert(WrongTokens { count: 0, last: now });
        *tokens = WrongTokens { count: tokens.count.saturating_add(1), last: now };
        tokens.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count_which_a_quiet_minute_ends() {
        let (brake, now) = (TokenBrake::default(), Instant::now());
        let of = |text: &str| PeerAddress::from(SocketAddr::new(text.parse().unwrap(), 80));
        let counts: Vec<u32> = (0..7).map(|_| brake.note(of("192.0.2.1"), now)).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(brake.note(of("192.0.2.2"), now), 1);
        assert_eq!(brake.note(of("2001:db8::1"), now), 1);
        assert_eq!(brake.note(of("2001:db8::ffff"), now), 2, "one network");
        assert_eq!(brake.note(of("::ffff:192.0.2.1"), now), 8, "the same host");
        assert_eq!(brake.note(of("192.0.2.1"), now + FORGET_AFTER), 1);
        for n in 0..5_000_u32 {
            brake.note(PeerAddress(IpAddr::V4(n.into())), now);
        }
        assert_eq!(brake.wrong.lock().len(), MAX_ADDRESSES);
    }
}
