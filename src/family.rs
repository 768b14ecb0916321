//! The two families of forwarding headers, and what each has.

/// Which headers the trusted proxies write.
///
/// One family is read and the other is not: when both are present nobody can tell in which order
/// they were written (RFC 7239 §7.4), and a proxy hands on what the client sent in the family that
/// it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Family {
    /// `X-Forwarded-For`, `-Proto`, and where asked for `-Host`, `-Port`, `-Prefix`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Something for each header of a family. That of `Forwarded` has reports alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OfFamily<T> {
    /// `Forwarded`, `X-Forwarded-For`, or what is read instead.
    pub(crate) reports: T,
    pub(crate) proto: T,
    pub(crate) host: T,
    pub(crate) port: T,
    pub(crate) prefix: T,
}

impl<T> OfFamily<T> {
    pub(crate) fn as_ref(&self) -> OfFamily<&T> {
        let Self { reports, proto, host, port, prefix } = self;
        OfFamily { reports, proto, host, port, prefix }
    }

    pub(crate) fn map<U>(self, f: impl Fn(T) -> U) -> OfFamily<U> {
        OfFamily {
            reports: f(self.reports),
            proto: f(self.proto),
            host: f(self.host),
            port: f(self.port),
            prefix: f(self.prefix),
        }
    }

    pub(crate) fn zip<U>(self, other: OfFamily<U>) -> OfFamily<(T, U)> {
        OfFamily {
            reports: (self.reports, other.reports),
            proto: (self.proto, other.proto),
            host: (self.host, other.host),
            port: (self.port, other.port),
            prefix: (self.prefix, other.prefix),
        }
    }

    pub(crate) fn into_array(self) -> [T; 5] {
        let Self { reports, proto, host, port, prefix } = self;
        [reports, proto, host, port, prefix]
    }
}
