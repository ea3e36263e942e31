//! The calls that the standard library does not offer.

use std::fs;
use std::io;

#[cfg(target_os = "linux")]
use crate::interrupted::retried;

/// Grows `file` to at least `len` and backs it with blocks. `Ok(false)`: this file system or system cannot.
#[cfg(target_os = "linux")]
pub(crate) fn allocate(file: &fs::File, len: u64) -> io::Result<bool> {
    use std::os::fd::AsRawFd;

    let len = libc::off_t::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    retried(|| {
        // SAFETY: the descriptor is open for as long as `file` is borrowed; the call takes integers only and reports
        // errors by its result.
        let code = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len) };
        match code {
            0 => Ok(true),
            // A descriptor or file system without the operation, or a zero length: nothing was done.
            libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS => Ok(false),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    })
}

/// Grows `file` to at least `len` and backs it with blocks: not offered by macOS in one call, see
/// [`crate::File::allocate`].
#[cfg(not(target_os = "linux"))]
pub(crate) fn allocate(_file: &fs::File, _len: u64) -> io::Result<bool> {
    Ok(false)
}

/// Gives the page cache of a range that is durable back to the system; pages that are not are kept by it.
#[cfg(target_os = "linux")]
pub(crate) fn forget(file: &fs::File, offset: u64, len: u64) {
    use std::os::fd::AsRawFd;

    let (Ok(offset), Ok(len)) = (libc::off_t::try_from(offset), libc::off_t::try_from(len)) else { return };
    // SAFETY: the descriptor is open for as long as `file` is borrowed; the call takes integers only. It is advice: whether
    // it was taken does not matter.
    let _ = unsafe { libc::posix_fadvise(file.as_raw_fd(), offset, len, libc::POSIX_FADV_DONTNEED) };
}

/// Other systems have no such call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn forget(_file: &fs::File, _offset: u64, _len: u64) {}

/// The machine's name, `unknown` when it has none that is text.
pub(crate) fn host_name() -> String {
    let mut buffer = [0_u8; 256];
    // SAFETY: the pointer and the length describe `buffer`, which is writable and outlives the call. The last byte is
    // kept out of its reach, so the name ends in a zero also where the system truncates it without one.
    let code = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) };
    let name = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(name) {
        Ok(name) if code == 0 && !name.is_empty() => name.to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Microseconds since the Unix epoch; 0 on a clock set before it.
pub(crate) fn unix_micros() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}
