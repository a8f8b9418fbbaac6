//! How a typed message is read from a tree and written to one: the `record!` macro makes both from one table
//! of (field, element, width), so that they cannot disagree. Around the records stands what every message has:
//! root, header and body.
//!
//! Always holds: elements are written in the order of the table, absent ones not at all. A value of nothing
//! but XML blanks counts as absent; any other is taken to the letter. An unknown element is ignored and
//! reported; a repeated one makes the message unreadable, because two readers could take different ones.
//! Not here: what a value may be (dates, codes): the services judge that.
//! Rules come from: the reference on the OQS interface, section 3.

use super::{BODY, HEADER, ROOT};
use crate::Problem;
use crate::tree::{Content, Node, showable};

/// Problems beyond this number are not listed; a hostile message must not make a long report.
const MOST_PROBLEMS: usize = 50;

/// A reading under way: where it is, and what it found.
pub(super) struct Reading {
    path: Vec<&'static str>,
    pub problems: Vec<Problem>,
    /// Something without which the message cannot be used.
    pub fatal: bool,
    /// Whether a value that is too long is fatal (requests) or only reported (answers).
    pub strict_width: bool,
}

impl Reading {
    pub fn new(strict_width: bool) -> Reading {
        Reading { path: Vec::new(), problems: Vec::new(), fatal: false, strict_width }
    }

    pub fn inside<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Reading) -> T) -> T {
        self.path.push(name);
        let value = read(self);
        self.path.pop();
        value
    }

    pub fn report(&mut self, element: &str, what: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            let mut place = self.path.join("/");
            if !element.is_empty() {
                place.push('/');
                place.push_str(element);
            }
            self.problems
                .push(Problem { place: place.trim_start_matches('/').to_owned(), what: what.to_owned() });
        }
    }

    pub fn fatal(&mut self, element: &str, what: &str) {
        self.fatal = true;
        self.report(element, what);
    }

    /// Settles an answer by its `SegmentOfResult`: one that was processed has to say with what outcome, one that
    /// says the message failed can be used whatever it lacks.
    pub fn settle_answer(&mut self, segment: &str, status: Option<&str>) {
        if segment == "1" && status.is_none() {
            self.inside(ROOT, |reading| {
                reading.fatal(BODY, "ProcessingResultStatus is mandatory, missing");
            });
        }
        self.fatal &= segment != "9";
    }

    /// Reports the children that nobody knows, and refuses the first that comes twice.
    pub fn look_over(&mut self, node: &Node, owns: impl Fn(&str) -> bool) {
        let children = node.children();
        for (at, child) in children.iter().enumerate() {
            if !owns(&child.name) {
                self.report(showable(&child.name), "unknown element, ignored");
            } else if children[..at].iter().any(|earlier| earlier.name == child.name) {
                // One is enough: going on would compare every pair of a hostile message.
                return self.fatal(showable(&child.name), "comes more than once");
            }
        }
    }
}

/// The text of a leaf that counts as a value.
fn value(node: &Node) -> Option<&str> {
    node.text().filter(|text| text.contains(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')))
}

/// Text of an optional child, with the reports that go with it.
pub(super) fn text_of(parent: &Node, name: &str, width: usize, reading: &mut Reading) -> Option<String> {
    let child = parent.child(name)?;
    if !child.children().is_empty() {
        reading.report(name, "should hold a text, holds elements");
    }
    let text = value(child)?;
    if text.chars().nth(width).is_some() {
        reading.report(name, "longer than the layout allows");
        reading.fatal |= reading.strict_width;
    }
    Some(text.to_owned())
}

/// The child that should hold elements, when it holds any.
fn group_of<'n>(parent: &'n Node, name: &str, reading: &mut Reading) -> Option<&'n Node> {
    let child = parent.child(name)?;
    if value(child).is_some() {
        reading.report(name, "should hold elements, holds a text");
    }
    Some(child).filter(|child| !child.children().is_empty())
}

/// A group of elements that is one value of ours.
pub(super) trait Record: Sized {
    fn owns(name: &str) -> bool;
    fn read(node: &Node, reading: &mut Reading) -> Self;
    fn write(&self, out: &mut Vec<Node>);
}

/// A group that comes several times inside a list element, under this name.
pub(super) trait Item: Record {
    const ITEM: &'static str;
}

/// A field of a record: how its type looks in the tree.
pub(super) trait Part: Sized {
    fn owns(element: &str, name: &str) -> bool {
        element == name
    }
    fn read(parent: &Node, element: &'static str, width: usize, reading: &mut Reading) -> Self;
    fn write(&self, element: &'static str, out: &mut Vec<Node>);
}

impl Part for Option<String> {
    fn read(parent: &Node, element: &'static str, width: usize, reading: &mut Reading) -> Self {
        text_of(parent, element, width, reading)
    }

    fn write(&self, element: &'static str, out: &mut Vec<Node>) {
        if let Some(text) = self.as_deref().filter(|text| !text.is_empty()) {
            out.push(Node::leaf(element, text));
        }
    }
}

/// Mandatory: fatal when absent.
impl Part for String {
    fn read(parent: &Node, element: &'static str, width: usize, reading: &mut Reading) -> Self {
        text_of(parent, element, width, reading).unwrap_or_else(|| {
            reading.fatal(element, "mandatory, missing");
            String::new()
        })
    }

    fn write(&self, element: &'static str, out: &mut Vec<Node>) {
        if !self.is_empty() {
            out.push(Node::leaf(element, self.as_str()));
        }
    }
}

impl<T: Record> Part for Option<T> {
    fn read(parent: &Node, element: &'static str, _: usize, reading: &mut Reading) -> Self {
        let node = group_of(parent, element, reading)?;
        Some(reading.inside(element, |reading| T::read(node, reading)))
    }

    fn write(&self, element: &'static str, out: &mut Vec<Node>) {
        if let Some(record) = self {
            push_group(element, out, |children| record.write(children));
        }
    }
}

impl<T: Item> Part for Vec<T> {
    fn read(parent: &Node, element: &'static str, _: usize, reading: &mut Reading) -> Self {
        let Some(list) = group_of(parent, element, reading) else { return Vec::new() };
        reading.inside(element, |reading| {
            let mut items = Vec::new();
            for child in list.children() {
                if child.name == T::ITEM {
                    items.push(reading.inside(T::ITEM, |reading| T::read(child, reading)));
                } else {
                    reading.report(showable(&child.name), "unknown element, ignored");
                }
            }
            items
        })
    }

    fn write(&self, element: &'static str, out: &mut Vec<Node>) {
        push_group(element, out, |children| {
            for item in self {
                push_group(T::ITEM, children, |fields| item.write(fields));
            }
        });
    }
}

/// A part of the tree that is carried as it is.
impl Part for Option<Node> {
    fn read(parent: &Node, element: &'static str, _: usize, _: &mut Reading) -> Self {
        parent.child(element).filter(|node| !node.is_empty()).cloned()
    }

    fn write(&self, _: &'static str, out: &mut Vec<Node>) {
        out.extend(self.iter().filter(|node| !node.is_empty()).cloned());
    }
}

/// A request's header and the one group that its body holds.
pub(super) fn read_request<H: Record, G: Record>(
    root: &Node,
    group: &'static str,
    reading: &mut Reading,
) -> Option<(H, G)> {
    read_root(root, reading, |reading| {
        let header = read_header(root, reading);
        let asked = root.child(BODY).and_then(|body| {
            reading.inside(BODY, |reading| {
                reading.look_over(body, |name| name == group);
                <Option<G>>::read(body, group, 0, reading)
            })
        });
        if asked.is_none() {
            reading.inside(BODY, |reading| reading.fatal(group, "mandatory, missing"));
        }
        Some((header?, asked?))
    })
}

/// An answer's header and body; a body that holds nothing may be absent.
pub(super) fn read_answer<H: Record, B: Record + Default>(
    root: &Node,
    reading: &mut Reading,
) -> Option<(H, B)> {
    read_root(root, reading, |reading| {
        let header = read_header(root, reading)?;
        Some((header, <Option<B>>::read(root, BODY, 0, reading).unwrap_or_default()))
    })
}

fn read_root<T>(
    root: &Node,
    reading: &mut Reading,
    read: impl FnOnce(&mut Reading) -> Option<T>,
) -> Option<T> {
    if root.name != ROOT {
        reading.fatal(showable(&root.name), "the root should be XmlMsg");
        return None;
    }
    reading.inside(ROOT, |reading| {
        reading.look_over(root, |name| name == HEADER || name == BODY);
        read(reading)
    })
}

fn read_header<H: Record>(root: &Node, reading: &mut Reading) -> Option<H> {
    let header = <Option<H>>::read(root, HEADER, 0, reading);
    if header.is_none() {
        reading.fatal(HEADER, "mandatory, missing");
    }
    header
}

/// A message of header and body, without a body that holds nothing.
pub(super) fn write_message(header: &impl Record, body: impl FnOnce(&mut Vec<Node>)) -> Node {
    let mut parts = Vec::new();
    push_group(HEADER, &mut parts, |children| header.write(children));
    push_group(BODY, &mut parts, body);
    Node::branch(ROOT, parts)
}

/// Adds a branch with what `fill` puts into it, unless that is nothing.
fn push_group(element: &'static str, out: &mut Vec<Node>, fill: impl FnOnce(&mut Vec<Node>)) {
    let mut children = Vec::new();
    fill(&mut children);
    if !children.is_empty() {
        out.push(Node { name: element.into(), content: Content::Children(children) });
    }
}

/// Declares a struct and its place in the tree: `field: type = "Element" / width` in the order of the layout.
/// The width is the widest that the reference knows; 0 for groups, which have none.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$doc:meta])* pub $field:ident : $kind:ty = $element:literal / $width:literal, )+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$doc])* #[doc = concat!(" (`", $element, "`)")] pub $field: $kind, )+
        }

        impl std::fmt::Debug for $name {
            /// Tells nothing of what it holds.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl $crate::oqs::record::Record for $name {
            fn owns(name: &str) -> bool {
                false $( || <$kind as $crate::oqs::record::Part>::owns($element, name) )+
            }

            fn read(node: &$crate::tree::Node, reading: &mut $crate::oqs::record::Reading) -> Self {
                reading.look_over(node, Self::owns);
                $name { $( $field: $crate::oqs::record::Part::read(node, $element, $width, reading), )+ }
            }

            fn write(&self, out: &mut Vec<$crate::tree::Node>) {
                $( $crate::oqs::record::Part::write(&self.$field, $element, out); )+
            }
        }
    };
}
pub(super) use record;
