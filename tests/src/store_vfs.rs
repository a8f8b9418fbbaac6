//! A disk that can lose power: an SQLite file layer that knows which writes were synced.
//!
//! Always holds: reading and writing go to real files (through SQLite's own layer, locks and shared memory too), so a
//! store works on it as on any disk; beside them every file has the bytes that a sync promised and the list of what
//! came after. A *power cut* is a copy of the disk at one moment as it would be found afterwards: the promised bytes
//! and of the later writes none, or any of them, the last perhaps torn.
//! Not here: what is tested with it (`store_power`). Writes that were synced are never lost: no database survives that.
//! Rules come from: DESIGN section 5, "a fault-injecting SQLite VFS that drops unsynced writes".

#![expect(unsafe_code, reason = "SQLite's file layer is an interface in C")]

use rusqlite::ffi;
use std::{
    collections::BTreeMap,
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a power cut leaves of the writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Dropped,
    /// Some of them, in no order.
    Scattered,
    /// Some of them, and the last only in part.
    Torn,
}

/// All files that were opened through the layer, by path.
#[derive(Default)]
pub struct Disk {
    files: Mutex<BTreeMap<PathBuf, Tracked>>,
    /// A disk that says "synced" and does nothing: what `synchronous=off` amounts to.
    lying: AtomicBool,
}

#[derive(Default)]
struct Tracked {
    /// What a sync promised; nothing before the first.
    promised: Option<Vec<u8>>,
    later: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

impl Change {
    fn apply(&self, file: &mut Option<Vec<u8>>) {
        match self {
            Change::Write { at, bytes } => {
                let file = file.get_or_insert_default();
                file.resize(file.len().max(at + bytes.len()), 0);
                file[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Change::Truncate(size) => file.get_or_insert_default().resize(*size, 0),
            Change::Delete => *file = None,
        }
    }
}

/// Numbers from a seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

impl Disk {
    fn files(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Tracked>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing is synced any more, whatever is said.
    pub fn lie(&self, lying: bool) {
        self.lying.store(lying, Ordering::Relaxed);
    }

    /// Copies what a power cut at this moment would leave of the files of one directory into another.
    pub fn cut(&self, from: &Path, into: &Path, cut: Cut, dice: &mut Dice) {
        let files = self.files();
        for (path, tracked) in files.iter().filter(|(path, _)| path.parent() == Some(from)) {
            let mut left = tracked.promised.clone();
            let kept = tracked.later.iter().filter(|_| cut != Cut::Dropped && dice.below(2) == 0);
            let kept: Vec<&Change> = kept.collect();
            for (place, change) in kept.iter().enumerate() {
                match change {
                    Change::Write { at, bytes } if cut == Cut::Torn && place + 1 == kept.len() => {
                        let part = dice.below(bytes.len() as u64 + 1) as usize;
                        Change::Write { at: *at, bytes: bytes[..part].to_vec() }.apply(&mut left);
                    }
                    whole => whole.apply(&mut left),
                }
            }
            if let (Some(bytes), Some(name)) = (left, path.file_name()) {
                std::fs::write(into.join(name), bytes).expect("the copy can be written");
            }
        }
    }

    /// How many changes were not synced at this moment.
    pub fn unsynced(&self) -> usize {
        self.files().values().map(|file| file.later.len()).sum()
    }

    fn change(&self, path: &Path, change: Change) {
        self.files().entry(path.to_owned()).or_default().later.push(change);
    }

    fn sync(&self, path: &Path) {
        if self.lying.load(Ordering::Relaxed) {
            return;
        }
        if let Some(tracked) = self.files().get_mut(path) {
            let Tracked { promised, later } = tracked;
            promised.get_or_insert_default();
            later.drain(..).for_each(|change| change.apply(promised));
        }
    }

    /// Syncing a directory makes it final that files were deleted from it.
    fn sync_names(&self, dir: Option<&Path>) {
        if self.lying.load(Ordering::Relaxed) {
            return;
        }
        for (_, tracked) in self.files().iter_mut().filter(|(path, _)| path.parent() == dir) {
            let Tracked { promised, later } = tracked;
            let deleted = later.iter().rposition(|change| matches!(change, Change::Delete));
            let until = deleted.map_or(0, |place| place + 1);
            later.drain(..until).for_each(|change| change.apply(promised));
        }
    }
}

/// An open file: what SQLite knows of it, which file it is, and behind it in memory the real layer's own.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    disk: &'static Disk,
    /// Nothing for a nameless temporary file.
    path: *mut PathBuf,
    /// SQLite's layer syncs the directory with the first sync of a journal or WAL that it may have made.
    sync_dir: AtomicBool,
}

/// SQLite gives each file `szOsFile` bytes: our handle, then the real layer's.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: `register` asked for room for both.
    unsafe { file.cast::<u8>().add(size_of::<Handle>()).cast() }
}

unsafe fn tracked<'h>(file: *mut ffi::sqlite3_file) -> Option<(&'h Disk, &'h Path)> {
    // SAFETY: `open` filled the handle, `close` has not run yet.
    unsafe {
        let handle = &*file.cast::<Handle>();
        handle.path.as_ref().map(|path| (handle.disk, path.as_path()))
    }
}

/// Registers the layer under a name and says which disk it is; a name is registered once.
pub fn register(name: &str) -> &'static Disk {
    let disk: &'static Disk = Box::leak(Box::default());
    let name = CString::new(name).expect("a name without zeros").into_raw();
    // SAFETY: the default layer lives for ever, as do our copy of it, its name and the disk.
    unsafe {
        let default = ffi::sqlite3_vfs_find(std::ptr::null());
        assert!(!default.is_null(), "SQLite has a file layer");
        let layer = ffi::sqlite3_vfs {
            szOsFile: size_of::<Handle>() as c_int + (*default).szOsFile,
            pNext: std::ptr::null_mut(),
            zName: name,
            pAppData: (&raw const *disk).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            ..*default
        };
        assert_eq!(ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 0), ffi::SQLITE_OK);
    }
    disk
}

unsafe fn default() -> *mut ffi::sqlite3_vfs {
    // SAFETY: a look-up without effects.
    unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) }
}

unsafe fn path_of(name: *const c_char) -> PathBuf {
    // SAFETY: SQLite's names are ended by a zero.
    PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: `file` has room for both handles; the real layer gets its own part.
    unsafe {
        let layer = default();
        let code = (*layer).xOpen.expect("an opener")(layer, name, real(file), flags, out);
        let path = if name.is_null() { std::ptr::null_mut() } else { Box::into_raw(Box::new(path_of(name))) };
        let disk: &'static Disk = &*(*vfs).pAppData.cast::<Disk>();
        let opened = !(*real(file)).pMethods.is_null();
        let base = ffi::sqlite3_file { pMethods: if opened { methods() } else { std::ptr::null() } };
        let journal = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
        let made = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journal != 0;
        file.cast::<Handle>().write(Handle { base, disk, path, sync_dir: AtomicBool::new(made) });
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: as in `open`.
    unsafe {
        let layer = default();
        let code = (*layer).xDelete.expect("a deleter")(layer, name, sync_dir);
        if code == ffi::SQLITE_OK {
            let (disk, path) = (&*(*vfs).pAppData.cast::<Disk>(), path_of(name));
            disk.change(&path, Change::Delete);
            if sync_dir != 0 {
                disk.sync_names(path.parent());
            }
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once and does not use it afterwards.
    unsafe {
        let handle = &mut *file.cast::<Handle>();
        if !handle.path.is_null() {
            drop(Box::from_raw(std::mem::replace(&mut handle.path, std::ptr::null_mut())));
        }
        (*(*real(file)).pMethods).xClose.expect("a closer")(real(file))
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite gives `count` bytes.
    unsafe {
        let code = (*(*real(file)).pMethods).xWrite.expect("a writer")(real(file), from, count, at);
        if let (ffi::SQLITE_OK, Some((disk, path))) = (code, tracked(file)) {
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), count as usize).to_vec();
            disk.change(path, Change::Write { at: at as usize, bytes });
        }
        code
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let code = (*(*real(file)).pMethods).xTruncate.expect("a truncater")(real(file), size);
        if let (ffi::SQLITE_OK, Some((disk, path))) = (code, tracked(file)) {
            disk.change(path, Change::Truncate(size as usize));
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the handle is open. The real file lies on tmpfs; syncing it would promise nothing.
    let (handle, opened) = unsafe { (&*file.cast::<Handle>(), tracked(file)) };
    if let Some((disk, path)) = opened {
        disk.sync(path);
        if handle.sync_dir.swap(false, Ordering::Relaxed) {
            disk.sync_names(path.parent());
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(file: *mut ffi::sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    if op == ffi::SQLITE_FCNTL_MMAP_SIZE {
        return ffi::SQLITE_NOTFOUND; // every write must pass here
    }
    // SAFETY: passed on as it came.
    unsafe { (*(*real(file)).pMethods).xFileControl.expect("a control")(real(file), op, arg) }
}

/// Functions that only pass on what came.
macro_rules! passed_on {
    ($($name:ident $method:ident ($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $arg: $type)*) $(-> $result)? {
            // SAFETY: passed on as it came.
            unsafe { (*(*real(file)).pMethods).$method.expect("a method")(real(file) $(, $arg)*) }
        }
    )*};
}

passed_on! {
    read xRead(to: *mut c_void, count: c_int, at: i64) -> c_int;
    file_size xFileSize(size: *mut i64) -> c_int;
    lock xLock(level: c_int) -> c_int;
    unlock xUnlock(level: c_int) -> c_int;
    check_lock xCheckReservedLock(out: *mut c_int) -> c_int;
    sector_size xSectorSize() -> c_int;
    device xDeviceCharacteristics() -> c_int;
    shm_map xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    shm_lock xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier xShmBarrier();
    shm_unmap xShmUnmap(delete: c_int) -> c_int;
}

fn methods() -> *const ffi::sqlite3_io_methods {
    static METHODS: OnceLock<ffi::sqlite3_io_methods> = OnceLock::new();
    METHODS.get_or_init(|| ffi::sqlite3_io_methods {
        iVersion: 2, // with shared memory, without memory maps
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xFileSize: Some(file_size),
        xLock: Some(lock),
        xUnlock: Some(unlock),
        xCheckReservedLock: Some(check_lock),
        xFileControl: Some(control),
        xSectorSize: Some(sector_size),
        xDeviceCharacteristics: Some(device),
        xShmMap: Some(shm_map),
        xShmLock: Some(shm_lock),
        xShmBarrier: Some(shm_barrier),
        xShmUnmap: Some(shm_unmap),
        xFetch: None,
        xUnfetch: None,
    })
}
