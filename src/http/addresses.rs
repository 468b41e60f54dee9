//! Where webhooks may be posted to: whoever may register one must not reach through the service what only the service can
//! reach.
//!
//! Only addresses that anybody can reach, unless `webhook_allow` names a prefix: agencies run inside private networks. What
//! counts is the address that is connected to, looked at after the name is resolved and each time: a name that stands for
//! another address tomorrow gets no further. Redirects are not followed and no proxy is used, for the same reason.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use thiserror::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The longest address of a webhook, in characters.
pub(super) const URL_MAX: usize = 2_000;

/// Networks that are not the internet (IANA's registries of special-purpose addresses, RFC 6890, and multicast), and those
/// that hold addresses of IPv4 in a form that is not taken apart here.
const SPECIAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

static SPECIAL_NETWORKS: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| SPECIAL.iter().filter_map(|prefix| prefix.parse().ok()).collect());

/// Resolves names to the addresses that may be connected to.
#[derive(Debug)]
pub(super) struct AllowedAddresses {
    allow: Vec<IpNet>,
    names: DefaultResolver,
}

/// A name stands for no address that may be connected to.
#[derive(Debug, Error)]
#[error("no address of the name may be connected to")]
pub(super) struct NotAllowed;

impl AllowedAddresses {
    /// What anybody can reach, and these.
    pub(super) fn new(allow: &[IpNet]) -> Self {
        Self { allow: allow.to_vec(), names: DefaultResolver::default() }
    }

    fn allows(&self, address: IpAddr) -> bool {
        let address = plain(address);
        let lies_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&address));
        lies_in(&self.allow) || !lies_in(&SPECIAL_NETWORKS)
    }
}

/// An address of IPv4 as one of IPv4, also where it is written in IPv6.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl Resolver for AllowedAddresses {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        found.iter().filter(|address| self.allows(address.ip())).for_each(|address| allowed.push(*address));
        if allowed.is_empty() { Err(ureq::Error::Other(Box::new(NotAllowed))) } else { Ok(allowed) }
    }
}

/// What is wrong with a webhook's address, whatever it stands for.
pub(super) fn fault(url: &str, may_be_http: bool) -> Option<&'static str> {
    const EXPECTED: &str = "must be an address that begins with https:// and a host";
    let Ok(uri) = url.parse::<Uri>().map(Uri::into_parts) else { return Some(EXPECTED) };
    let scheme = uri.scheme.as_ref().map(ureq::http::uri::Scheme::as_str);
    match (scheme, uri.authority) {
        _ if url.len() > URL_MAX => Some("must have at most 2000 characters"),
        (Some("http"), _) if !may_be_http => Some("must be https (the setting webhook_http allows http)"),
        (Some("https" | "http"), Some(host)) if !host.host().is_empty() => {
            let plain = !host.as_str().contains('@') && !url.contains('#');
            (!plain).then_some("must have neither a user name nor a fragment")
        }
        _ => Some(EXPECTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow: &[&str], address: &str, allowed: bool) {
        let allow: Vec<IpNet> = allow.iter().map(|prefix| prefix.parse().unwrap()).collect();
        assert_eq!(AllowedAddresses::new(&allow).allows(address.parse().unwrap()), allowed, "{allow:?} {address}");
    }

    #[test]
    fn every_prefix_is_one() {
        assert_eq!(SPECIAL_NETWORKS.len(), SPECIAL.len());
    }

    #[test]
    fn only_the_internet_is_reached_unless_more_is_allowed() {
        for address in ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"] {
            check(&[], address, true);
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            check(&[], address, false);
        }
        check(&["10.0.0.0/8"], "10.1.2.3", true);
        check(&["10.0.0.0/8"], "::ffff:10.1.2.3", true);
        check(&["10.1.0.0/16"], "10.2.2.3", false);
        check(&["fd00::/8"], "fd00::1", true);
    }

    #[test]
    fn an_address_must_be_plain_https() {
        for url in ["https://a.example/hook?x=1", "https://10.0.0.1:8443", "https://[::1]/"] {
            assert_eq!(fault(url, false), None, "{url}");
        }
        for url in
            ["http://a.example", "https://u:p@a.example", "https://a.example/#x", "ftp://a", "a.example", "/x", ""]
        {
            assert!(fault(url, false).is_some(), "{url}");
        }
        assert_eq!(fault("http://a.example", true), None);
        assert!(
            fault("https://", true).is_some() && fault(&format!("https://a/{}", "x".repeat(2_000)), true).is_some()
        );
    }
}
