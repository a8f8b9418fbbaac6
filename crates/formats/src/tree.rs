//! The tree between bytes and typed messages: a named node holds either a text or other nodes, nothing else.
//!
//! Always holds: texts are kept to the letter, leading blanks too. `Debug` shows names only, and of those
//! only such as the official ones look, so that a tree can be logged without telling who it is about.
//! Not here: attributes, namespaces, order rules; no OQS message has the first two, and nobody may rely on
//! the third.
//! Rules come from: the reference on the OQS interface, section 3.

use std::borrow::Cow;
use std::fmt;

/// One element.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub content: Content,
}

/// What an element holds. An element without anything is read as an empty text.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text, to the letter.
    Text(String),
    /// Elements, in the order in which they came.
    Children(Vec<Node>),
}

impl Node {
    /// An element with a text.
    pub fn leaf(name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Node {
        Node { name: name.into(), content: Content::Text(text.into()) }
    }

    /// An element with elements.
    pub fn branch(name: impl Into<Cow<'static, str>>, children: Vec<Node>) -> Node {
        Node { name: name.into(), content: Content::Children(children) }
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children().iter().find(|child| child.name == name)
    }

    /// The text, when it holds one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Children(_) => None,
        }
    }

    /// The children; none when it holds a text.
    pub fn children(&self) -> &[Node] {
        match &self.content {
            Content::Text(_) => &[],
            Content::Children(children) => children,
        }
    }

    /// The text of the first child of this name. `None` when it is absent, empty, or holds elements.
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name)?.text().filter(|text| !text.is_empty())
    }

    /// Whether nothing at all would be written for it: an empty text, or only children of that kind.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Text(text) => text.is_empty(),
            Content::Children(children) => children.iter().all(Node::is_empty),
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(showable(&self.name))?;
        match &self.content {
            Content::Text(_) => Ok(()),
            Content::Children(children) => f.debug_set().entries(children).finish(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Text(_) => f.write_str("Text(…)"),
            Content::Children(children) => f.debug_tuple("Children").field(children).finish(),
        }
    }
}

/// Whether this can be the name of an element of ours: a letter or `_` first, then ASCII letters, digits,
/// `_`, `-`, `.`; at most 64 of them. All official names are of that kind, and a name that is not could carry
/// a person's data.
pub(crate) fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// The name of an element as far as it may be shown: letters with at most one digit behind, as all official
/// names have. Anything else may be data in the wrong place.
pub(crate) fn showable(name: &str) -> &str {
    let stem = name.strip_suffix(|c: char| c.is_ascii_digit()).unwrap_or(name);
    if is_name(name) && stem.bytes().all(|b| b.is_ascii_alphabetic()) { name } else { "(name not shown)" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_text() {
        let node = Node::branch("A", vec![Node::leaf("B", "SECRET"), Node::branch("C", vec![])]);
        assert_eq!(format!("{node:?} {:?}", node.content), "A{B, C{}} Children([B, C{}])");
        assert_eq!(format!("{:?}", Node::leaf("N123456789018", "")), "(name not shown)");
    }

    #[test]
    fn absent_and_empty_children_have_no_text() {
        let node =
            Node::branch("A", vec![Node::leaf("B", ""), Node::leaf("C", " x"), Node::branch("D", vec![])]);
        assert_eq!(["B", "C", "D", "E"].map(|name| node.child_text(name)), [None, Some(" x"), None, None]);
        assert!(!node.is_empty() && Node::branch("A", vec![Node::leaf("B", "")]).is_empty());
    }

    #[test]
    fn names() {
        assert!(["XmlMsg", "Sex1", "_a-b.c"].into_iter().all(is_name));
        let long = "a".repeat(65);
        assert!(!["", "1a", "a b", "a:b", "氏名", "a>", &long].into_iter().any(is_name));
    }
}
