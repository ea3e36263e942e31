//! zstd as a stream: any number of frames, each with its checksum compared.
//!
//! The decoder of ruzstd reads one frame and leaves to its caller what comes after it, what may be skipped, and whether
//! the checksum that it computed is the one in the file.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Decompresses while it is read. Memory is bounded by the largest window ruzstd accepts by itself, 128 MiB.
pub(super) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    inside_frame: bool,
}

impl<R: BufRead> ZstdReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), inside_frame: false }
    }

    /// Goes to the next frame that holds data. False at the end of the source.
    fn open_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? != length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }

    fn check_frame(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(stored), Some(computed)) if stored != computed => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of the zstd frame does not match"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside_frame {
                self.inside_frame = self.open_frame()?;
                if !self.inside_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let decoded = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            }
            let length = self.decoder.read(buffer)?;
            if length > 0 {
                return Ok(length);
            }
            self.check_frame()?;
            self.inside_frame = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn compressed(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        ZstdReader::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn frames_follow_each_other() {
        let long = b"abcdefgh".repeat(100_000);
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let file = [compressed(&long), skipped, compressed(b""), compressed(b"end")].concat();
        assert_eq!(read(&file).unwrap(), [&long[..], b"end"].concat());
        assert_eq!(read(b"").unwrap(), b"");
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_an_error() {
        let file = compressed(&b"some text, some text, some other text".repeat(20));
        for length in 1..file.len() {
            assert!(read(&file[..length]).is_err(), "{length} of {}", file.len());
        }
        assert!(read(&[0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1]).is_err());
    }

    #[test]
    fn a_wrong_checksum_is_an_error() {
        let mut file = compressed(b"some text");
        let last = file.len() - 1;
        file[last] ^= 1;
        assert!(read(&file).unwrap_err().to_string().contains("checksum"));
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        assert!(read(b"plain text").is_err());
        assert!(read(&[compressed(b"text"), b"rest".to_vec()].concat()).is_err());
    }
}
