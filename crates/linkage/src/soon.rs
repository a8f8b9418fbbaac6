//! Memory that is read soon: a processor that is told in time brings it while it does other work, and one that meets it
//! unprepared waits for it as long as it takes to read half a row.
//!
//! Always holds: nothing is read or changed, so nothing depends on it but time.
//! Not here: what is worth it. What lies in rows a processor foresees by itself; what is asked for in any order it does not.
//! Rules come from: the issue, Speed.

/// Tells that what is here is read soon: the line of memory in which it begins. Nothing happens on processors that are no x86-64,
/// for which std has no way to say it yet: they wait.
#[inline]
pub fn soon<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    fetch(std::ptr::from_ref(place).cast());
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "std has no safe way to say it")]
#[inline]
fn fetch(place: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: the instruction is one of every x86-64; it reads nothing that could be seen, and no address is wrong for it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place) }
}
