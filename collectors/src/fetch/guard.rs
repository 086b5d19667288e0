//! Refuses public names that resolve to a private network (DNS rebinding): the collector could reach such addresses.
//!
//! The check is part of the resolution for the connection itself, so that a second resolution cannot differ from the checked
//! one. Behind a proxy the proxy resolves the names and has to check them.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Variables that name a proxy, which may be private.
const PROXY_VARIABLES: [&str; 6] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/// Resolves names, and refuses those that lead into a private network.
#[derive(Debug)]
pub(super) struct PublicResolver {
    /// Hosts that may be private.
    proxies: Vec<String>,
}

/// A name that leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("{0} lies at a private address")]
struct PrivateName(String);

impl PublicResolver {
    /// A resolver that accepts the proxies of the environment.
    pub(super) fn of_environment() -> Self {
        let named = PROXY_VARIABLES.iter().filter_map(|name| std::env::var(name).ok());
        Self { proxies: named.filter_map(|text| proxy(&text)).collect() }
    }
}

/// The host of `http://proxy.city.local:8080` or of `proxy.city.local:8080`.
fn proxy(text: &str) -> Option<String> {
    let host = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    host(text).or_else(|| host(&format!("http://{text}")))
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One private address among public ones is enough to refuse the name.
            if !is_proxy && found.iter().any(|address| is_private(address.ip())) {
                return Err(PrivateName(name.as_str().to_owned()).into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// The refused host, if a request failed for it.
pub(super) fn private_name(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(PrivateName(host)) = error.downcast_ref() {
            return Some(host.clone());
        }
        cause = error.source();
    }
    None
}

/// True when the host is an IP address.
pub(super) fn is_ip_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

/// True for addresses outside the public internet: private, shared, loopback, link-local, multicast, reserved.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => embedded(v6).map_or_else(|| is_private_v6(v6), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared by providers (RFC 6598), for protocols (RFC 6890), for benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
        // Site-local (RFC 3879), and translation inside a network (RFC 8215).
        || address.segments()[0] & 0xffc0 == 0xfec0
        || address.segments()[..3] == [0x64, 0xff9b, 1]
}

/// The IPv4 address embedded in an IPv6 one: compatible (`::a.b.c.d`), mapped (`::ffff:a.b.c.d`), translated
/// (`64:ff9b::/96`) or 6to4 (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = |from: usize| Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]);
    match address.segments() {
        [0, 0, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_public_addresses_are_distinguished() {
        let private = [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::7f00:1",
            "fec0::1",
            "64:ff9b:1::1",
        ];
        let public = [
            "8.8.8.8",
            "172.32.0.1",
            "172.15.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "169.253.0.1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::",
        ];
        for text in private {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in public {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn ip_addresses_and_proxies_are_recognised() {
        for (url, literal) in [
            ("http://127.0.0.1:80/", true),
            ("http://[::1]/", true),
            ("http://0x7f.1/", true),
            ("http://localhost/", false),
        ] {
            assert_eq!(is_ip_address(&Url::parse(url).unwrap()), literal, "{url}");
        }
        for (text, host) in
            [("http://proxy.city.local:8080", "proxy.city.local"), ("proxy.city.local:8080", "proxy.city.local")]
        {
            assert_eq!(proxy(text).as_deref(), Some(host));
        }
    }
}
