//! Where a server is.

use std::fmt;

use hyper::Uri;

/// The base of a server's API: `http://host:port`, with a path before it where a proxy has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

/// A text that is not the address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It is no URL with a host.
    #[error("it is not a URL such as http://127.0.0.1:7318")]
    NotAUrl,
    /// It speaks neither of the two.
    #[error("it begins with neither http:// nor https://")]
    Scheme,
    /// It has what no base has.
    #[error("it has a query or a user name; a token is given by itself")]
    Extra,
}

impl Address {
    /// The address that `text` says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_wrong| InvalidAddress::NotAUrl)?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            Some(_) => return Err(InvalidAddress::Scheme),
            None => return Err(InvalidAddress::NotAUrl),
        }
        let authority = uri.authority().ok_or(InvalidAddress::NotAUrl)?.as_str();
        if authority.contains('@') || uri.query().is_some() || text.contains('#') {
            return Err(InvalidAddress::Extra);
        }
        Ok(Self(text.to_owned()))
    }

    /// It, as text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, InvalidAddress};

    #[test]
    fn an_address_is_the_base_of_an_api() {
        for good in ["http://127.0.0.1:7318", "https://tenure.example/api/", "http://[::1]:80"] {
            assert_eq!(Address::parse(good).unwrap().as_str(), good.trim_end_matches('/'));
        }
        assert!(Address::parse("https://a").unwrap().is_secure());
        assert!(!Address::parse("http://a").unwrap().is_secure());
        for (wrong, why) in [
            ("", InvalidAddress::NotAUrl),
            ("127.0.0.1:7318", InvalidAddress::NotAUrl),
            ("/v1", InvalidAddress::NotAUrl),
            ("ftp://a", InvalidAddress::Scheme),
            ("http://me:secret@a", InvalidAddress::Extra),
            ("http://a?x=1", InvalidAddress::Extra),
        ] {
            assert_eq!(Address::parse(wrong), Err(why), "{wrong}");
        }
    }
}
