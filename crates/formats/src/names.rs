//! File names of the exchange folders: `<PFX><si|mu><func><nn><req|res>_<suffix>.<ext>`.
//!
//! Always holds: a name that passes has no path in it, nothing that Windows or a shell reads in its own way,
//! and at most 200 bytes, so it can be joined to a folder. Only `req` changes to `res`; all else stays to the
//! letter, the case of the extension too, because clinics look for their answer by the stem and Windows does
//! not care.
//! Not here: folders; face files (made by the terminal); encrypted `.zip` requests. A name may hold a patient
//! number: it belongs into no log.
//! Rules come from: the reference on the OQS interface, section 1.2.

/// The longest name in bytes; leaves room for a temporary ending within the 255 of file systems.
const LONGEST: usize = 200;

/// A request's file name, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestName<'n> {
    /// Everything before the extension; the answer's stem differs only in `req` → `res`.
    pub stem: &'n str,
    /// What the clinic chose: between the first `_` and the extension, never empty.
    pub suffix: &'n str,
}

impl std::fmt::Debug for RequestName<'_> {
    /// Tells nothing: the suffix may be a patient number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestName(…)")
    }
}

/// Takes a request's file name apart, when it is one of this prefix (such as `OQSsiquc01req`).
pub fn request_stem<'n>(file_name: &'n str, prefix: &str) -> Option<RequestName<'n>> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    let suffix = stem.strip_prefix(prefix)?.strip_prefix('_')?;
    let good = is_safe(file_name) && extension.eq_ignore_ascii_case("xml") && is_request(prefix);
    (good && !suffix.is_empty()).then_some(RequestName { stem, suffix })
}

/// The name of the answer to a request's file; `None` when it is not one.
pub fn answer_name(request_file_name: &str) -> Option<String> {
    let (prefix, _) = request_file_name.split_once('_')?;
    let RequestName { .. } = request_stem(request_file_name, prefix)?;
    let rest = request_file_name.strip_prefix(prefix)?;
    Some(format!("{}res{rest}", prefix.strip_suffix("req")?))
}

fn is_safe(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    name.len() <= LONGEST && !name.contains(odd)
}

/// `<PFX><si|mu><func><nn>req`
fn is_request(prefix: &str) -> bool {
    let Some(front) = prefix.strip_suffix("req") else { return false };
    let bytes = front.as_bytes();
    let [a, b, c, mode @ ..] = bytes else { return false };
    let Some(func) = mode.strip_prefix(b"si").or_else(|| mode.strip_prefix(b"mu")) else { return false };
    let Some((func, number)) = func.split_last_chunk::<2>() else { return false };
    [a, b, c].into_iter().all(u8::is_ascii_uppercase)
        && matches!(func.len(), 3 | 4)
        && func.iter().all(u8::is_ascii_alphabetic)
        && number.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (request, answer) in [
            ("OQSsiquc01req_202701150001.xml", Some("OQSsiquc01res_202701150001.xml")),
            ("OQSsiquc01req_req_OQSsiquc01req.b.XML", Some("OQSsiquc01res_req_OQSsiquc01req.b.XML")),
            ("EPSsiDMP01req_患者 1.xml", Some("EPSsiDMP01res_患者 1.xml")),
            ("OQSmuquc02req_x.Xml", Some("OQSmuquc02res_x.Xml")),
            ("OQSsiquc01req_.xml", None),
            ("OQSsiquc01req.xml", None),
            ("OQSsiquc01res_1.xml", None),
            ("OQSsiquc01res_face_9910000001_1.xml", None),
            ("oqssiquc01req_1.xml", None),
            ("OQSxxquc01req_1.xml", None),
            ("OQSsiquc1req_1.xml", None),
            ("OQSsiquc01req_1.zip", None),
            ("OQSsiquc01req_../1.xml", None),
            ("OQSsiquc01req_..\\1.xml", None),
            ("OQSsiquc01req_1:2.xml", None),
            ("OQSsiquc01req_1\n.xml", None),
            ("OQSsiquc01req_1.xml\0.xml", None),
            ("../OQSsiquc01req_1.xml", None),
            ("", None),
        ] {
            assert_eq!(answer_name(request).as_deref(), answer, "{request:?}");
        }
        let named = |length| format!("OQSsiquc01req_{}.xml", "1".repeat(length));
        assert!(answer_name(&named(200 - 18)).is_some() && answer_name(&named(200 - 17)).is_none());
    }

    #[test]
    fn stems() {
        let name = request_stem("OQSsiquc01req_a_b.c.xml", "OQSsiquc01req");
        assert_eq!(name, Some(RequestName { stem: "OQSsiquc01req_a_b.c", suffix: "a_b.c" }));
        assert!(request_stem("OQSsiquc01req_a.xml", "OQSsiimm01req").is_none());
        assert!(request_stem("OQSsiquc01req_a.xml", "OQSsiquc01").is_none());
    }

    #[test]
    fn no_name_panics() {
        proptest::proptest!(|(name in "\\PC*", tail in "OQSsiquc01req_\\PC*")| {
            let _ = (answer_name(&name), answer_name(&tail), request_stem(&tail, &name));
        });
    }
}
