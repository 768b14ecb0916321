//! Something for each value that a request can have.

/// Something for each value that a proxy can report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PerValue<T> {
    pub(crate) client: T,
    pub(crate) scheme: T,
    pub(crate) host: T,
    pub(crate) port: T,
    pub(crate) prefix: T,
}

impl<T> PerValue<T> {
    pub(crate) fn as_ref(&self) -> PerValue<&T> {
        let Self { client, scheme, host, port, prefix } = self;
        PerValue { client, scheme, host, port, prefix }
    }

    pub(crate) fn map<U>(self, f: impl Fn(T) -> U) -> PerValue<U> {
        PerValue {
            client: f(self.client),
            scheme: f(self.scheme),
            host: f(self.host),
            port: f(self.port),
            prefix: f(self.prefix),
        }
    }

    pub(crate) fn into_array(self) -> [T; 5] {
        let Self { client, scheme, host, port, prefix } = self;
        [client, scheme, host, port, prefix]
    }
}
