//! Opening what is to be read, and taking off its compression.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compressed::ZstdReader;
use super::error::ImportError;
use super::standard_input::Interruptible;

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Read in pieces of this size: large enough that the system call does not matter.
const PIECE: usize = 128 << 10;

/// A stream of plain bytes with the name to show in errors.
pub(crate) struct Input {
    pub(super) name: String,
    pub(super) bytes: Box<dyn Read + Send>,
    progress: Progress,
}

/// How much of an input has been read, in bytes as they lie on disk; can be asked while another thread reads.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    /// Of so many rows, which the reader counts itself.
    pub(super) fn of_rows(total: u64) -> Self {
        Self { read: Arc::default(), total: Some(total) }
    }

    pub(super) fn advance(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes read so far.
    pub(crate) fn read(&self) -> u64 {
        // Relaxed: a number to show; nothing is concluded from it.
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of the whole input; unknown for the standard input.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }
}

impl Input {
    /// Opens a file, or the standard input when the path is `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        if path == Path::new("-") {
            return Self::new("standard input".to_owned(), Interruptible::standard_input(), None);
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| {
            let about = file.metadata()?;
            // Opening a folder succeeds on Unix; reading it would fail with a message about something else.
            if about.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok((file, about)) }
        });
        let (file, about) = match opened {
            Ok(opened) => opened,
            Err(source) => return Err(ImportError::Open { file: name, source }),
        };
        // A pipe or a device has no length.
        Self::new(name, file, about.is_file().then_some(about.len()))
    }

    /// Reads from anything; `name` is shown in errors, and a compression that it promises must be there.
    pub(crate) fn new(
        name: String,
        source: impl Read + Send + 'static,
        total: Option<u64>,
    ) -> Result<Self, ImportError> {
        let progress = Progress { read: Arc::default(), total };
        let counted = Counted { source, read: Arc::clone(&progress.read) };
        let source = BufReader::with_capacity(PIECE, counted);
        let (start, source) = match with_start(source) {
            Ok(split) => split,
            Err(source) => return Err(ImportError::Open { file: name, source }),
        };
        let has_ending =
            |ending: &str| Path::new(&name).extension().is_some_and(|last| last.eq_ignore_ascii_case(ending));
        let bytes: Box<dyn Read + Send> = if start.starts_with(ZSTD) {
            Box::new(ZstdReader::new(source))
        } else if start.starts_with(GZIP) {
            Box::new(flate2::bufread::MultiGzDecoder::new(source))
        } else if has_ending("zst") {
            return Err(ImportError::NotCompressed { file: name, format: "zstd" });
        } else if has_ending("gz") {
            return Err(ImportError::NotCompressed { file: name, format: "gzip" });
        } else {
            Box::new(source)
        };
        Ok(Self { name, bytes, progress })
    }

    /// A handle to ask how far reading has come.
    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

/// The first bytes, as many as the longest magic number unless there are fewer, and the whole source again. A pipe may
/// give them one at a time.
fn with_start<R: BufRead>(mut source: R) -> io::Result<(Vec<u8>, impl BufRead)> {
    let mut start = Vec::with_capacity(ZSTD.len());
    (&mut source).take(ZSTD.len() as u64).read_to_end(&mut start)?;
    let again = io::Cursor::new(start.clone());
    Ok((start, again.chain(source)))
}

/// Counts what is read.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const TEXT: &[u8] = b"one\ntwo\n";

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, ImportError> {
        let mut out = Vec::new();
        Input::new(name.to_owned(), io::Cursor::new(bytes), None)?.bytes.read_to_end(&mut out).unwrap();
        Ok(out)
    }

    #[test]
    fn compression_is_seen_whatever_the_name() {
        for name in ["a.jsonl", "standard input", "a.zst.jsonl"] {
            for bytes in [TEXT.to_vec(), zstd(TEXT), gzip(TEXT)] {
                assert_eq!(read(name, bytes).unwrap(), TEXT, "{name}");
            }
        }
        assert_eq!(read("a.GZ", [gzip(b"one\n"), gzip(b"two\n")].concat()).unwrap(), TEXT);
        assert_eq!(read("a", b"x".to_vec()).unwrap(), b"x");
        assert_eq!(read("a", Vec::new()).unwrap(), b"");
    }

    #[test]
    fn a_name_that_promises_compression_is_held_to_it() {
        for (name, format) in [("a.jsonl.zst", "zstd"), ("a.tsv.GZ", "gzip")] {
            for bytes in [TEXT.to_vec(), Vec::new()] {
                let message = read(name, bytes).unwrap_err().to_string();
                assert!(message.contains(name) && message.contains(format), "{message}");
            }
        }
    }

    #[test]
    fn a_source_of_single_bytes_is_recognised() {
        struct Dripping(io::Cursor<Vec<u8>>);
        impl Read for Dripping {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = buffer.len().min(1);
                self.0.read(&mut buffer[..length])
            }
        }
        let mut input = Input::new("a".to_owned(), Dripping(io::Cursor::new(zstd(TEXT))), None).unwrap();
        let mut out = Vec::new();
        input.bytes.read_to_end(&mut out).unwrap();
        assert_eq!(out, TEXT);
    }

    #[test]
    fn files_are_opened_and_progress_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zst");
        let bytes = zstd(TEXT);
        std::fs::write(&path, &bytes).unwrap();
        let mut input = Input::open(&path).unwrap();
        let progress = input.progress();
        assert_eq!(progress.total(), Some(bytes.len() as u64));
        input.bytes.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(progress.read(), bytes.len() as u64);
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing.jsonl"), folder.path().to_path_buf()] {
            let message = Input::open(&path).err().unwrap().to_string();
            assert!(message.contains(&path.display().to_string()), "{message}");
        }
    }
}
