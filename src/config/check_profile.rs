//! What a profile allows: the headers that the proxy writes, and no header that the proxy passes on.

use http::HeaderName;
use http::header::FORWARDED;

use super::Writing;
use super::builder::Settings;
use super::check::{Sources, refuse_if};
use super::error::ConfigError;
use super::profile::{Profile, ProfileClient};
use super::source::{ClientFrom, ClientSource, SchemeFrom, SchemeSource};

impl Settings {
    pub(super) fn check_profile(
        &self,
        profile: &Profile,
        sources: &Sources,
    ) -> Result<(), ConfigError> {
        let name = profile.name;
        refuse_if(profile.is_remote && self.trust.is_none() && self.chain.is_none(), || {
            format!(
                "behind({name}) without trust(…): {name} does not run on this machine; write the \
                 addresses that it connects from"
            )
        })?;
        let has_several = self.chain.as_ref().is_some_and(|chain| chain.len() > 1);
        if has_several
            && sources.client == profile.client()?
            && profile.sentence("trust_chain").is_some()
        {
            return Err(profile.refusal("trust_chain", "trust_chain"));
        }
        let has_outer = has_several || self.writing == Some(Writing::Append);
        profile.check_client(&sources.client, has_outer)?;
        profile.check_scheme(&sources.scheme)?;
        self.writing.map_or(Ok(()), |writing| profile.check_writing(writing))?;
        let calls = [
            ("host_from", &sources.host),
            ("port_from", &sources.port),
            ("prefix_from", &sources.prefix),
        ];
        calls.into_iter().try_for_each(|(call, header)| match header {
            Some(header) => profile.check_header(call, header, has_outer),
            None => Ok(()),
        })
    }
}

impl Profile {
    pub(super) fn client(&self) -> Result<ClientFrom, ConfigError> {
        match self.client {
            ProfileClient::XForwardedFor(place) => {
                ClientSource::x_forwarded_for().nth_from_right(place).checked()
            }
            ProfileClient::Header(header) => header.parse::<ClientSource>()?.checked(),
        }
    }

    pub(super) fn scheme(&self) -> Result<SchemeFrom, ConfigError> {
        self.scheme.parse::<SchemeSource>()?.checked()
    }

    /// Accepts the profile's own source, no source, and one address that the proxy writes as well.
    fn check_client(&self, client: &ClientFrom, has_outer: bool) -> Result<(), ConfigError> {
        if *client == self.client()? {
            return Ok(());
        }
        if let (ClientFrom::List(own, place), ClientFrom::List(list, other)) =
            (self.client()?, client)
        {
            // A page of its own sentence has the reason for another place.
            if own == *list && self.sentence(own.as_str()).is_none() {
                return Err(ConfigError::new(format_args!(
                    "client_from: behind {} the client is entry {place} from the right, not {other}; \
                     set the sources with builder() instead",
                    self.name
                )));
            }
        }
        match (client.header(), client.single_header()) {
            (None, _) => Ok(()),
            (_, Some(header)) => self.check_header("client_from", header, has_outer),
            (Some(list), None) => {
                Err(self.refusal(&format!("client_from({:?})", list.as_str()), list.as_str()))
            }
        }
    }

    fn check_scheme(&self, scheme: &SchemeFrom) -> Result<(), ConfigError> {
        let header = match scheme {
            SchemeFrom::Always(_) | SchemeFrom::Nothing => return Ok(()),
            SchemeFrom::List(header) | SchemeFrom::OnOff(header) => header,
            SchemeFrom::Forwarded => &FORWARDED,
        };
        if *scheme == self.scheme()? || self.writes(header) {
            return Ok(());
        }
        Err(self.refusal(&format!("scheme_from({:?})", header.as_str()), header.as_str()))
    }

    /// Accepts the profile's own writing, and `Append` for a proxy that replaces: behind a proxy that it
    /// trusts, it appends.
    fn check_writing(&self, writing: Writing) -> Result<(), ConfigError> {
        let appends = writing == Writing::Append && self.writing == Writing::Replace;
        if writing == self.writing || appends {
            return Ok(());
        }
        Err(self.refusal(&format!("proxies_write(Writing::{writing:?})"), "proxies_write"))
    }

    /// Accepts a header that the proxy writes. A proxy that replaces keeps the headers of a proxy in front
    /// of it.
    fn check_header(
        &self,
        call: &str,
        header: &HeaderName,
        has_outer: bool,
    ) -> Result<(), ConfigError> {
        let call = format!("{call}({:?})", header.as_str());
        if !self.writes(header) {
            return Err(self.refusal(&call, header.as_str()));
        }
        if has_outer && self.writing == Writing::Replace {
            return Err(self.refusal(&call, "behind another proxy"));
        }
        Ok(())
    }

    /// Returns whether the proxy writes this header beside those that the profile reads.
    fn writes(&self, header: &HeaderName) -> bool {
        self.also.contains(&header.as_str())
    }

    /// Returns the page's sentence about a header or a call.
    fn sentence(&self, what: &str) -> Option<&'static str> {
        let mut refused = self.refused.iter();
        refused.find(|(refused, _)| *refused == what).map(|(_, sentence)| *sentence)
    }

    /// Refuses a call with the page's sentence about it, and the way out.
    fn refusal(&self, call: &str, what: &str) -> ConfigError {
        let sentence = self.sentence(what).unwrap_or(match what {
            "proxies_write" => "the proxy does not write its headers in this way",
            _ => "the header may be the client's own",
        });
        // A sentence with a semicolon ends with a way out of its own.
        let has_way_out = sentence.contains(';');
        let way_out = if has_way_out { "" } else { "; set the sources with builder() instead" };
        ConfigError::new(format_args!("{call} behind {}: {sentence}{way_out}", self.name))
    }
}
