//! The JSON mirror of the XML: `{"XmlMsg":{…}}`, every leaf a text, a list an array of objects with one key
//! each.
//!
//! Always holds: the same tree, the same limits and the same refusals as [`crate::xml`]; what is written is
//! read back the same. A repeated key is refused, since two readers could take different ones. `null` is
//! absent.
//! Which elements are arrays: those whose name ends in `List`, those that hold one name several times, and
//! those with more than 256 children. Reading takes either form.
//! Not here: encodings other than UTF-8.
//! Rules come from: the reference on the OQS interface, section 7. The third kind of array is ours.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::charset::{Encoding, SUBSTITUTE, decode, is_xml_char};
use crate::tree::{Content, Node, is_name};
pub use crate::xml::Bad;
use crate::xml::Limits;

/// The most keys in one object; also bounds the search for repeated ones.
const MOST_KEYS: usize = 256;

/// Reads a message.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Node, Bad> {
    if bytes.len() > limits.bytes {
        return Err(Bad::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, _) = decode(bytes, Some(Encoding::Utf8))?;
    let mut state = State { limits, nodes: 0, bad: None };
    let mut reader = serde_json::Deserializer::from_str(&text);
    // The outermost object is one with one key, like the items of a list.
    let outermost = ContentSeed { state: &mut state, depth: 0, item: true };
    let read = outermost.deserialize(&mut reader).and_then(|content| reader.end().map(|()| content));
    match read {
        Ok(Content::Children(children)) => {
            <[Node; 1]>::try_from(children).map(|[root]| root).map_err(|_| Bad::Mixed)
        }
        Ok(Content::Text(_)) => Err(Bad::Mixed),
        Err(error) => Err(state.bad.unwrap_or(match error.classify() {
            serde_json::error::Category::Eof => Bad::Truncated,
            serde_json::error::Category::Data => Bad::Mixed,
            _ => Bad::NotXml { line: u32::try_from(error.line()).unwrap_or(u32::MAX) },
        })),
    }
}

struct State<'l> {
    limits: &'l Limits,
    nodes: usize,
    /// Why we stopped the deserialiser; its own errors quote values and go no further than [`parse`].
    bad: Option<Bad>,
}

impl State<'_> {
    fn stop<E: serde::de::Error>(&mut self, bad: Bad) -> E {
        self.bad = Some(bad);
        E::custom("stopped")
    }
}

/// Reads what an element holds.
struct ContentSeed<'s, 'l> {
    state: &'s mut State<'l>,
    depth: usize,
    /// An item of a list: an object with at most one key, nothing else.
    item: bool,
}

impl<'de> DeserializeSeed<'de> for ContentSeed<'_, '_> {
    type Value = Content;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ContentSeed<'_, '_> {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, an object or a list of objects with one key")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Content, E> {
        if self.item {
            return Err(self.state.stop(Bad::Mixed));
        }
        if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) && !text.chars().all(is_xml_char) {
            return Err(self.state.stop(Bad::Forbidden));
        }
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Text(String::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let most = if self.item { 1 } else { MOST_KEYS };
        let mut children: Vec<Node> = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            let bad = if !is_name(&name) || children.iter().any(|earlier| earlier.name == name) {
                Some(Bad::Mixed)
            } else if children.len() >= most {
                Some(if self.item { Bad::Mixed } else { Bad::TooMany })
            } else if self.depth >= self.state.limits.depth {
                Some(Bad::TooDeep)
            } else if self.state.nodes >= self.state.limits.nodes {
                Some(Bad::TooMany)
            } else {
                None
            };
            if let Some(bad) = bad {
                return Err(self.state.stop(bad));
            }
            self.state.nodes += 1;
            let seed = ContentSeed { state: &mut *self.state, depth: self.depth + 1, item: false };
            let content = map.next_value_seed(seed)?;
            children.push(Node { name: name.into(), content });
        }
        Ok(Content::Children(children))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        if self.item {
            return Err(self.state.stop(Bad::Mixed));
        }
        let mut children = Vec::new();
        loop {
            let seed = ContentSeed { state: &mut *self.state, depth: self.depth, item: true };
            match seq.next_element_seed(seed)? {
                Some(Content::Children(one)) => children.extend(one),
                Some(Content::Text(_)) => {}
                None => return Ok(Content::Children(children)),
            }
        }
    }
}

/// Reads a key.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<String, E> {
        Ok(name.to_owned())
    }
}

/// Writes a message; empty elements are left out, the root never. Characters that XML cannot have are
/// substituted.
pub fn render(root: &Node) -> Vec<u8> {
    let mut out = String::with_capacity(4096);
    out.push('{');
    write_member(root, &mut out);
    out.push('}');
    out.into_bytes()
}

fn write_member(node: &Node, out: &mut String) {
    out.push('"');
    // Only a name that no message can have needs it, and then the reader refuses it.
    write_text(&node.name, out);
    out.push_str("\":");
    match &node.content {
        Content::Text(text) => {
            out.push('"');
            write_text(text, out);
            out.push('"');
        }
        Content::Children(children) => {
            let list = is_list(&node.name, children);
            let (open, close, between) = if list { ("[{", "}]", "},{") } else { ("{", "}", ",") };
            let mut first = true;
            for child in children.iter().filter(|child| is_name(&child.name) && !child.is_empty()) {
                out.push_str(if first { open } else { between });
                first = false;
                write_member(child, out);
            }
            out.push_str(match (first, list) {
                (false, _) => close,
                (true, true) => "[]",
                (true, false) => "{}",
            });
        }
    }
}

fn is_list(name: &str, children: &[Node]) -> bool {
    name.ends_with("List")
        || children.len() > MOST_KEYS
        || children
            .iter()
            .enumerate()
            .any(|(at, child)| children[..at].iter().any(|other| other.name == child.name))
}

/// Writes what stands between the quotes. Almost every text needs no escape and is copied whole.
fn write_text(text: &str, out: &mut String) {
    if text.bytes().all(|b| matches!(b, 0x20..0x7f) && b != b'"' && b != b'\\') {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(if is_xml_char(c) { c } else { SUBSTITUTE }),
        }
    }
}
