//! Tells a watcher of anonymous memory, as it is taken and given back. No allocator sees that memory; the fuzz targets bound
//! what an input makes the engine take, all of it. Without the feature `watch-memory` there is nothing to tell.

#[cfg(feature = "watch-memory")]
static WATCHER: std::sync::OnceLock<fn(isize)> = std::sync::OnceLock::new();

/// Calls `watcher` with the bytes of each anonymous memory from now on: above zero when it is taken, below when it is given
/// back. For the life of the process; a second watcher is not heard.
#[cfg(feature = "watch-memory")]
pub fn watch_memory(watcher: fn(isize)) {
    let _ = WATCHER.set(watcher);
}

/// Goes with a piece of memory for as long as it lives.
#[derive(Debug)]
pub(crate) struct Watched {
    #[cfg(feature = "watch-memory")]
    bytes: isize,
}

impl Watched {
    #[cfg_attr(not(feature = "watch-memory"), expect(unused_variables, reason = "nobody is told"))]
    pub(crate) fn taken(bytes: usize) -> Self {
        let watched = Self {
            #[cfg(feature = "watch-memory")]
            bytes: isize::try_from(bytes).unwrap_or(isize::MAX),
        };
        #[cfg(feature = "watch-memory")]
        tell(watched.bytes);
        watched
    }

    /// For maps of files, whose pages are the file's.
    pub(crate) fn nothing() -> Self {
        Self {
            #[cfg(feature = "watch-memory")]
            bytes: 0,
        }
    }
}

#[cfg(feature = "watch-memory")]
impl Drop for Watched {
    fn drop(&mut self) {
        tell(-self.bytes);
    }
}

#[cfg(feature = "watch-memory")]
fn tell(bytes: isize) {
    if let Some(watcher) = WATCHER.get()
        && bytes != 0
    {
        watcher(bytes);
    }
}
