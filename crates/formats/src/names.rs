//! File names of the exchange folders.
//! Filled in below.

/// A request's file name, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestName<'n> {
    /// Everything before the extension; the answer's stem differs only in `req` → `res`.
    pub stem: &'n str,
    /// What the clinic chose: behind the first `_`, before the extension.
    pub suffix: &'n str,
}

/// Takes a request's file name apart, when it is one of this prefix (such as `OQSsiquc01req`).
pub fn request_stem<'n>(file_name: &'n str, prefix: &str) -> Option<RequestName<'n>> {
    let _ = (file_name, prefix);
    None
}

/// The name of the answer to a request's file.
pub fn answer_name(request_file_name: &str) -> Option<String> {
    let _ = request_file_name;
    None
}
