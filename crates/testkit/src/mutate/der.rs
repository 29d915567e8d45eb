//! Every small change of one element of a DER encoding, with all lengths around it made to fit, so that nothing but the
//! one odd thing is there to be noticed.

/// An element of an encoding that was taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The identifier octet.
    pub tag: u8,
    /// What is inside.
    pub content: Content,
    /// The length octets when they are not the shortest ones.
    length: Option<Vec<u8>>,
}

/// What is inside an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Octets.
    Octets(Vec<u8>),
    /// Other elements; also those in an OCTET STRING that holds an encoding.
    Elements(Vec<Element>),
}

/// Where an element stands: the index in each list on the way down.
type Place = Vec<usize>;

impl Element {
    /// The one element that `der` is; `None` when it is anything else.
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let mut elements = list(der)?;
        let only = elements.pop()?;
        elements.is_empty().then_some(only)
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Octets(octets) => octets.clone(),
            Content::Elements(elements) => elements.iter().flat_map(Self::encode).collect(),
        };
        match &self.length {
            None => crate::asn1::tlv(self.tag, &content),
            Some(length) => [&[self.tag], &length[..], &content].concat(),
        }
    }

    /// The elements inside; none in an element of octets.
    pub fn elements(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.content {
            Content::Elements(elements) => Some(elements),
            Content::Octets(_) => None,
        }
    }

    /// Every change of one element, with a description.
    pub fn changes(&self) -> impl Iterator<Item = (String, Self)> {
        let mut places = vec![Place::new()];
        self.places(&mut Place::new(), &mut places);
        places.into_iter().flat_map(move |place| {
            CHANGES.iter().filter_map(move |(said, change)| {
                let mut changed = self.clone();
                changed.change(&place, *change)?;
                (changed.encode() != self.encode())
                    .then(|| (format!("{said} at {place:?}"), changed))
            })
        })
    }

    fn places(&self, here: &mut Place, out: &mut Vec<Place>) {
        if let Content::Elements(elements) = &self.content {
            for (index, element) in elements.iter().enumerate() {
                here.push(index);
                out.push(here.clone());
                element.places(here, out);
                here.pop();
            }
        }
    }

    /// The element at a place: the index in each list on the way down. `None` when nothing stands there.
    pub fn at(&mut self, place: &[usize]) -> Option<&mut Self> {
        let mut here = self;
        for step in place {
            here = here.elements()?.get_mut(*step)?;
        }
        Some(here)
    }

    fn change(&mut self, place: &[usize], change: Change) -> Option<()> {
        match change {
            Change::Element(change) => change(self.at(place)?),
            Change::Octets(change) => {
                let element = self.at(place)?;
                let mut octets = match &element.content {
                    Content::Octets(octets) => octets.clone(),
                    Content::Elements(elements) => elements.iter().flat_map(Self::encode).collect(),
                };
                change(&mut octets)?;
                element.content = Content::Octets(octets);
                Some(())
            }
            Change::Among(change) => {
                let (last, above) = place.split_last()?;
                change(self.at(above)?.elements()?, *last)
            }
        }
    }
}

/// One kind of change; `None` when the element is not of the kind.
#[derive(Clone, Copy)]
enum Change {
    Element(fn(&mut Element) -> Option<()>),
    Octets(fn(&mut Vec<u8>) -> Option<()>),
    Among(fn(&mut Vec<Element>, usize) -> Option<()>),
}

/// The elements that `der` is made of.
fn list(der: &[u8]) -> Option<Vec<Element>> {
    let mut rest = der;
    let mut out = Vec::new();
    while let [tag, first, behind @ ..] = rest {
        let (length, behind) = match first {
            0..=0x7f => (usize::from(*first), behind),
            0x81..=0x84 => {
                let (octets, behind) = behind.split_at_checked(usize::from(first & 0x7f))?;
                let length = octets.iter().fold(0, |sum, o| sum << 8 | usize::from(*o));
                (length, behind)
            }
            _ => return None,
        };
        let (octets, behind) = behind.split_at_checked(length)?;
        let holds_elements = tag & 0x20 != 0 || *tag == 0x04 && octets.len() > 1;
        let content = match holds_elements.then(|| list(octets)).flatten() {
            Some(elements) => Content::Elements(elements),
            None if tag & 0x20 != 0 => return None,
            None => Content::Octets(octets.to_vec()),
        };
        out.push(Element {
            tag: *tag,
            content,
            length: None,
        });
        rest = behind;
    }
    rest.is_empty().then_some(out)
}

fn long_form(element: &mut Element, octets: usize) -> Option<()> {
    let length = element.encode().len();
    let content = match &element.content {
        Content::Octets(octets) => octets.len(),
        Content::Elements(elements) => elements.iter().map(|e| e.encode().len()).sum(),
    };
    // One octet more than the shortest form has.
    let shortest = length - content - 1;
    let wanted = shortest.max(1) + octets;
    let bytes = content.to_be_bytes();
    let significant = bytes.get(bytes.len() - (wanted - 1)..)?;
    let mut out = vec![0x80 | u8::try_from(wanted - 1).ok()?];
    out.extend_from_slice(significant);
    element.length = Some(out);
    Some(())
}

fn retag(element: &mut Element, tag: u8) -> Option<()> {
    (element.tag != tag).then(|| element.tag = tag)
}

fn text(octets: &mut Vec<u8>, change: impl Fn(&str) -> Option<String>) -> Option<()> {
    let changed = change(std::str::from_utf8(octets).ok()?)?;
    *octets = changed.into_bytes();
    Some(())
}

/// A time's text without the `Z`; `None` when it is no time.
fn time(text: &str) -> Option<&str> {
    let digits = text.strip_suffix('Z')?;
    (digits.len() >= 12 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

const CHANGES: &[(&str, Change)] = &[
    (
        "a longer form of length",
        Change::Element(|e| long_form(e, 1)),
    ),
    (
        "the longest form of length",
        Change::Element(|e| long_form(e, 3)),
    ),
    (
        "an indefinite length",
        Change::Element(|e| {
            match &mut e.content {
                Content::Octets(octets) => octets.extend([0, 0]),
                Content::Elements(elements) => elements.push(end_of_contents()),
            }
            e.length = Some(vec![0x80]);
            Some(())
        }),
    ),
    (
        "in parts or whole",
        Change::Element(|e| retag(e, e.tag ^ 0x20)),
    ),
    ("another class", Change::Element(|e| retag(e, e.tag ^ 0x80))),
    (
        "an application's tag",
        Change::Element(|e| retag(e, e.tag ^ 0x40)),
    ),
    (
        "the tag one up",
        Change::Element(|e| retag(e, e.tag.wrapping_add(1))),
    ),
    (
        "the tag one down",
        Change::Element(|e| retag(e, e.tag.wrapping_sub(1))),
    ),
    ("a long tag", Change::Element(|e| retag(e, e.tag | 0x1f))),
    ("as OCTET STRING", Change::Element(|e| retag(e, 0x04))),
    ("as SEQUENCE", Change::Element(|e| retag(e, 0x30))),
    ("as SET", Change::Element(|e| retag(e, 0x31))),
    ("as UTF8String", Change::Element(|e| retag(e, 0x0c))),
    ("as PrintableString", Change::Element(|e| retag(e, 0x13))),
    ("as IA5String", Change::Element(|e| retag(e, 0x16))),
    ("as BMPString", Change::Element(|e| retag(e, 0x1e))),
    ("as UniversalString", Change::Element(|e| retag(e, 0x1c))),
    (
        "emptied",
        Change::Octets(|o| (!o.is_empty()).then(|| o.clear())),
    ),
    (
        "a zero before",
        Change::Octets(|o| {
            o.insert(0, 0);
            Some(())
        }),
    ),
    (
        "all ones before",
        Change::Octets(|o| {
            o.insert(0, 0xff);
            Some(())
        }),
    ),
    (
        "a zero behind",
        Change::Octets(|o| {
            o.push(0);
            Some(())
        }),
    ),
    ("one octet less", Change::Octets(|o| o.pop().map(drop))),
    (
        "the first bit",
        Change::Octets(|o| o.first_mut().map(|f| *f ^= 0x80)),
    ),
    (
        "the first octet's last bit",
        Change::Octets(|o| o.first_mut().map(|f| *f ^= 1)),
    ),
    (
        "the last bit",
        Change::Octets(|o| o.last_mut().map(|l| *l ^= 1)),
    ),
    (
        "the last octet's first bit",
        Change::Octets(|o| o.last_mut().map(|l| *l ^= 0x80)),
    ),
    (
        "eight unused bits",
        Change::Octets(|o| o.first_mut().map(|f| *f = 8)),
    ),
    (
        "one unused bit",
        Change::Octets(|o| o.first_mut().map(|f| *f = 1)),
    ),
    (
        "all zeros",
        Change::Octets(|o| {
            o.iter_mut().for_each(|octet| *octet = 0);
            Some(())
        }),
    ),
    (
        "all ones",
        Change::Octets(|o| {
            o.iter_mut().for_each(|octet| *octet = 0xff);
            Some(())
        }),
    ),
    (
        "long",
        Change::Octets(|o| {
            o.resize(o.len() + 40, 1);
            Some(())
        }),
    ),
    (
        "a fraction",
        Change::Octets(|o| text(o, |t| Some(format!("{}.5Z", time(t)?)))),
    ),
    (
        "an offset",
        Change::Octets(|o| text(o, |t| Some(format!("{}+0000", time(t)?)))),
    ),
    (
        "no zone",
        Change::Octets(|o| text(o, |t| Some(time(t)?.to_owned()))),
    ),
    (
        "no seconds",
        Change::Octets(|o| {
            text(o, |t| {
                let digits = time(t)?;
                Some(format!("{}Z", digits.get(..digits.len() - 2)?))
            })
        }),
    ),
    (
        "a sixtieth second",
        Change::Octets(|o| {
            text(o, |t| {
                let digits = time(t)?;
                Some(format!("{}60Z", digits.get(..digits.len() - 2)?))
            })
        }),
    ),
    (
        "a thirteenth month",
        Change::Octets(|o| {
            text(o, |t| {
                let digits = time(t)?;
                let year = digits.len() - 10;
                Some(format!(
                    "{}13{}Z",
                    digits.get(..year)?,
                    digits.get(year + 2..)?
                ))
            })
        }),
    ),
    (
        "four digits of a year",
        Change::Element(|e| {
            let Content::Octets(octets) = &mut e.content else {
                return None;
            };
            text(octets, |t| {
                Some(format!("20{}Z", time(t).filter(|d| d.len() == 12)?))
            })?;
            retag(e, 0x18)
        }),
    ),
    (
        "four digits of a year in a UTCTime",
        Change::Octets(|o| {
            text(o, |t| {
                Some(format!("20{}Z", time(t).filter(|d| d.len() == 12)?))
            })
        }),
    ),
    (
        "removed",
        Change::Among(|list, at| {
            list.remove(at);
            Some(())
        }),
    ),
    (
        "twice",
        Change::Among(|list, at| {
            list.insert(at, list.get(at)?.clone());
            Some(())
        }),
    ),
    (
        "in another place",
        Change::Among(|list, at| (at + 1 < list.len()).then(|| list.swap(at, at + 1))),
    ),
    (
        "NULL before",
        Change::Among(|list, at| {
            list.insert(at, element(0x05, &[]));
            Some(())
        }),
    ),
    (
        "NULL behind",
        Change::Among(|list, at| {
            list.insert(at + 1, element(0x05, &[]));
            Some(())
        }),
    ),
    (
        "FALSE behind",
        Change::Among(|list, at| {
            list.insert(at + 1, element(0x01, &[0]));
            Some(())
        }),
    ),
    (
        "TRUE behind",
        Change::Among(|list, at| {
            list.insert(at + 1, element(0x01, &[0xff]));
            Some(())
        }),
    ),
    (
        "a context-specific element behind",
        Change::Among(|list, at| {
            list.insert(at + 1, element(0x81, &[0, 1]));
            Some(())
        }),
    ),
];

fn element(tag: u8, octets: &[u8]) -> Element {
    Element {
        tag,
        content: Content::Octets(octets.to_vec()),
        length: None,
    }
}

fn end_of_contents() -> Element {
    element(0, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instance;

    #[test]
    fn an_encoding_is_put_together_as_it_was() {
        for der in Instance::new().authority.chain() {
            assert_eq!(Element::parse(&der).unwrap().encode(), der);
            assert_eq!(Element::parse(&der[..der.len() - 1]), None);
        }
        assert_eq!(Element::parse(b"no DER"), None);
    }

    #[test]
    fn every_change_of_every_element_occurs() {
        let der = Instance::new().authority.chain().remove(0);
        let whole = Element::parse(&der).unwrap();
        let changes: Vec<(String, Element)> = whole.changes().collect();
        assert!(changes.iter().all(|(_, changed)| changed.encode() != der));
        for (kind, _) in CHANGES {
            let count = changes.iter().filter(|(said, _)| said.starts_with(kind));
            assert!(count.count() > 0, "{kind} changes nothing");
        }
        // Inside the octet strings of extensions as well: TRUE in basicConstraints.
        assert!(
            changes
                .iter()
                .any(|(said, _)| { said.starts_with("all zeros at [0, 7, 0, 2, 2, 0, 0]") })
        );
    }
}
