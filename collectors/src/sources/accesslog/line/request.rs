//! The method and the path of a request line.

use super::super::short::{find, find_either};

/// Method and path of `GET /path HTTP/1.1`; both empty for a request without a path, `None` for one of an unknown form.
#[inline]
pub(super) fn request(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let split = |text| find(b' ', text).map(|at| (&text[..at], &text[at + 1..]));
    let Some((method, rest)) = split(value) else {
        return matches!(value, b"" | b"-").then_some((&[], &[]));
    };
    let path = split(rest).map_or(rest, |(path, _)| path);
    if path == b"*" || method == b"CONNECT" {
        return Some((&[], &[]));
    }
    let is_method = method.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
    Some((method, target(path))).filter(|(_, path)| is_method && path.first() == Some(&b'/'))
}

/// The path of a request's target: `http://host/path`, the form for proxies, has one behind the host.
#[inline]
pub(super) fn target(target: &[u8]) -> &[u8] {
    if target.first() == Some(&b'/') { target } else { target_of_proxy(target) }
}

fn target_of_proxy(target: &[u8]) -> &[u8] {
    let begins = |scheme: &str| target.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme.as_bytes()));
    let Some(scheme) = ["https://", "http://", "ws://", "wss://"].into_iter().find(|scheme| begins(scheme)) else {
        return target;
    };
    let host = &target[scheme.len()..];
    find_either(b'/', b'?', host).map_or(b"/", |at| if host[at] == b'/' { &host[at..] } else { b"/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_every_form_have_their_path_or_are_named() {
        let rows: [(&str, Option<(&str, &str)>); 14] = [
            ("GET /a?b HTTP/1.1", Some(("GET", "/a?b"))),
            ("GET http://www.example.jp/app/top HTTP/1.1", Some(("GET", "/app/top"))),
            ("GET HTTPS://www.example.jp:443/app/top?x=/y HTTP/1.1", Some(("GET", "/app/top?x=/y"))),
            ("GET http://www.example.jp HTTP/1.1", Some(("GET", "/"))),
            ("GET http://www.example.jp?x=/y HTTP/1.1", Some(("GET", "/"))),
            ("VERSION-CONTROL /a HTTP/1.1", Some(("VERSION-CONTROL", "/a"))),
            ("GET /a", Some(("GET", "/a"))),
            ("OPTIONS * HTTP/1.1", Some(("", ""))),
            ("CONNECT www.example.jp:443 HTTP/1.1", Some(("", ""))),
            ("-", Some(("", ""))),
            ("", Some(("", ""))),
            ("GET app/top HTTP/1.1", None),
            ("- - ", None),
            ("\\x16\\x03\\x01", None),
        ];
        for (text, right) in rows {
            let right = right.map(|(method, path)| (method.as_bytes(), path.as_bytes()));
            assert_eq!(request(text.as_bytes()), right, "{text}");
        }
    }
}
