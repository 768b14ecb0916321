//! The explanation for programs.

use http::uri;
use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use super::{Entry, Explanation};
use crate::info::ConnectionInfo;
use crate::outcome::Absent;

/// Writes the decision and the entries. A verdict is the sentence of its entry.
impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Explanation", 5)?;
        fields.serialize_field("summary", &self.summary)?;
        fields.serialize_field("info", &Info(&self.info))?;
        fields.serialize_field("entries", &self.entries)?;
        fields.serialize_field("omitted", &self.omitted)?;
        fields.serialize_field("help", &self.help)?;
        fields.end()
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Entry", 6)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("line", &self.line)?;
        let range = self.range.as_ref().map(|range| (range.start, range.end));
        fields.serialize_field("range", &range)?;
        fields.serialize_field("text", &self.text)?;
        fields.serialize_field("verdict", self.verdict.name())?;
        fields.serialize_field("note", &self.note)?;
        fields.end()
    }
}

struct Info<'a>(&'a ConnectionInfo);

impl Serialize for Info<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let info = self.0;
        let name = |why: Option<Absent>| why.map(|why| format!("{why:?}"));
        let mut fields = serializer.serialize_struct("ConnectionInfo", 13)?;
        fields.serialize_field("outcome", &format!("{:?}", info.outcome()))?;
        let node = info.client().map(|node| node.to_string());
        let client = info.client_ip().map(|ip| ip.to_string()).or(node);
        fields.serialize_field("client", &client)?;
        fields.serialize_field("client_port", &info.client_port())?;
        fields.serialize_field("peer", &info.peer_addr().map(|peer| peer.to_string()))?;
        fields.serialize_field("hops", &info.hops())?;
        fields.serialize_field("scheme", info.scheme().as_str())?;
        fields.serialize_field("absent_scheme", &name(info.absent_scheme()))?;
        fields.serialize_field("authority", &info.authority().map(uri::Authority::as_str))?;
        fields.serialize_field("absent_host", &name(info.absent_host()))?;
        fields.serialize_field("absent_authority", &name(info.absent_authority()))?;
        fields.serialize_field("absent_port", &name(info.absent_port()))?;
        fields.serialize_field("prefix", &info.prefix())?;
        fields.serialize_field("absent_prefix", &name(info.absent_prefix()))?;
        fields.end()
    }
}
