//! Embeddings as a numpy array file (.npy): one row a concept, in the concepts' order, as 16-bit or 32-bit floats.
//!
//! The format is "NEP 1" of numpy: a magic number, a version, the length of a header, the header (a dictionary in Python's
//! notation, always written in the same way), the numbers. The crates that read it bring a parser generator for that one line,
//! ten crates with a build in C among them; so it is read here.

use std::io::Read;
use std::path::Path;

use half::f16;

use super::error::ImportError;
use super::input::Input;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes of a header at most; numpy itself asks to be told before it reads one of more than 10,000.
const LONGEST_HEADER: usize = 64 << 10;

/// Dimensions at most, as the engine has it.
const MOST_DIMENSIONS: usize = 65_536;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    F16,
    F32,
}

impl Number {
    fn size(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }
}

/// Reads an array row by row.
pub(crate) struct Embeddings {
    input: Input,
    number: Number,
    rows: u64,
    dimension: usize,
    /// Rows read so far.
    read: u64,
    /// The bytes of one row.
    row: Vec<u8>,
}

impl Embeddings {
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        Self::new(Input::open(path)?)
    }

    pub(super) fn new(mut input: Input) -> Result<Self, ImportError> {
        let name = input.name.clone();
        let wrong = |reason: String| ImportError::Form { file: name.clone(), reason };
        let read = |bytes: &mut dyn Read, buffer: &mut [u8]| {
            bytes.read_exact(buffer).map_err(|error| wrong(format!("is no .npy file: {error}")))
        };
        let mut start = [0; 8];
        read(&mut input.bytes, &mut start)?;
        let Some(&[major, _]) = start.strip_prefix(MAGIC) else {
            return Err(wrong("is no .npy file: save one array with numpy.save".to_owned()));
        };
        let length = if major == 1 {
            let mut length = [0; 2];
            read(&mut input.bytes, &mut length)?;
            usize::from(u16::from_le_bytes(length))
        } else {
            let mut length = [0; 4];
            read(&mut input.bytes, &mut length)?;
            usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
        };
        if !(1..=3).contains(&major) || length > LONGEST_HEADER {
            return Err(wrong(format!("has a header of version {major} and {length} bytes, which is not read here")));
        }
        let mut header = vec![0; length];
        read(&mut input.bytes, &mut header)?;
        let (number, rows, dimension) = parse(&String::from_utf8_lossy(&header)).map_err(wrong)?;
        Ok(Self { input, number, rows, dimension, read: 0, row: vec![0; dimension * number.size()] })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows were read.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// As the user named it.
    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// The next row; None after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<f32>>, ImportError> {
        if self.read == self.rows {
            return Ok(None);
        }
        if let Err(source) = self.input.bytes.read_exact(&mut self.row) {
            let reason = format!("cannot read row {} of {}: {source}", self.read + 1, self.rows);
            return Err(ImportError::Form { file: self.input.name.clone(), reason });
        }
        self.read += 1;
        let numbers = self.row.chunks_exact(self.number.size());
        let mut embedding = Vec::with_capacity(self.dimension);
        match self.number {
            Number::F16 => embedding.extend(
                numbers.map(|bytes| bytes.try_into().map_or(f32::NAN, |bytes| f16::from_le_bytes(bytes).to_f32())),
            ),
            Number::F32 => {
                embedding.extend(numbers.map(|bytes| bytes.try_into().map_or(f32::NAN, f32::from_le_bytes)));
            }
        }
        match embedding.iter().position(|number| !number.is_finite()) {
            None => Ok(Some(embedding)),
            Some(at) => Err(ImportError::Rejected {
                file: self.input.name.clone(),
                line: self.read,
                reason: format!("number {} of the row is {}, not finite", at + 1, embedding[at]),
            }),
        }
    }

    /// Passes over rows up to a number.
    pub(crate) fn skip_to(&mut self, row: u64) -> Result<(), ImportError> {
        while self.read < row {
            match self.next() {
                Ok(None) => return Ok(()),
                Ok(Some(_)) | Err(ImportError::Rejected { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The number type, rows and dimension from a header such as `{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse(header: &str) -> Result<(Number, u64, usize), String> {
    let after = |name: &str| {
        let at = header.find(name)?;
        header.get(at + name.len()..)?.trim_start().strip_prefix(':').map(str::trim_start)
    };
    let missing = |name: &str| format!("has a header without {name}: save the array anew with numpy.save");
    let descr = after("'descr'").ok_or_else(|| missing("'descr'"))?;
    let number = match descr.get(..5) {
        Some("'<f2'") => Number::F16,
        Some("'<f4'") => Number::F32,
        _ => {
            let found: String = descr.chars().take(8).collect();
            return Err(format!("holds {found}.. and not '<f2' or '<f4': save it with .astype(numpy.float32)"));
        }
    };
    if !after("'fortran_order'").ok_or_else(|| missing("'fortran_order'"))?.starts_with("False") {
        return Err("holds its columns one after the other: save it with numpy.ascontiguousarray".to_owned());
    }
    let shape = after("'shape'").and_then(|shape| shape.strip_prefix('(')).and_then(|shape| shape.split(')').next());
    let shape = shape.ok_or_else(|| missing("'shape'"))?;
    let sizes: Option<Vec<u64>> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| size.trim_end_matches('L').parse().ok())
        .collect();
    match sizes.as_deref() {
        Some(&[rows, dimension]) if (1..=MOST_DIMENSIONS as u64).contains(&dimension) => {
            Ok((number, rows, usize::try_from(dimension).unwrap_or(MOST_DIMENSIONS)))
        }
        _ => Err(format!("has the shape ({shape}): one row a concept of 1 to {MOST_DIMENSIONS} numbers is needed")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), data].concat()
    }

    fn open(bytes: Vec<u8>) -> Result<Embeddings, ImportError> {
        Embeddings::new(Input::new("a.npy".to_owned(), Cursor::new(bytes), None).unwrap())
    }

    const PAIR: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }   \n";

    #[test]
    fn rows_of_both_number_types_arrive() {
        let data: Vec<u8> = [1.0_f32, -2.5, 3e5, 0.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut found = open(file(PAIR, &data)).unwrap();
        assert_eq!((found.rows(), found.dimension), (2, 2));
        assert_eq!(found.next().unwrap(), Some(vec![1.0, -2.5]));
        assert_eq!(found.next().unwrap(), Some(vec![3e5, 0.0]));
        assert_eq!(found.next().unwrap(), None);

        let header = "{'shape': (1, 2), 'fortran_order': False, 'descr': '<f2'}";
        let data: Vec<u8> = [0.5_f32, -3.0].iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()).collect();
        let mut long = [MAGIC, &[2, 0], &57_u32.to_le_bytes(), header.as_bytes(), &data].concat();
        assert_eq!(header.len(), 57);
        assert_eq!(open(long.clone()).unwrap().next().unwrap(), Some(vec![0.5, -3.0]));
        // A header of four billion bytes is not even tried.
        long[8..12].fill(0xff);
        assert!(open(long).is_err());
    }

    #[test]
    fn what_is_no_such_array_is_told() {
        for (header, reason) in [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }", "astype(numpy.float32)"),
            ("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2), }", "'>f4'"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", "ascontiguousarray"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "(2,)"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", "(2, 0)"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 99999999999), }", "1 to 65536"),
            ("{'descr': '<f4', 'fortran_order': False, }", "'shape'"),
            ("{}", "'descr'"),
        ] {
            let message = open(file(header, b"")).err().unwrap().to_string();
            assert!(message.starts_with("a.npy") && message.contains(reason), "{header}: {message}");
        }
        assert!(open(b"something else".to_vec()).err().unwrap().to_string().contains("numpy.save"));
        let whole = file(PAIR, &[0; 16]);
        for length in 0..whole.len() {
            match open(whole[..length].to_vec()) {
                Ok(mut found) => assert!((0..2).any(|_| found.next().is_err()), "{length}"),
                Err(error) => assert!(error.to_string().starts_with("a.npy"), "{length}: {error}"),
            }
        }
    }

    #[test]
    fn a_row_that_is_not_finite_is_refused_and_the_next_one_read() {
        let data: Vec<u8> = [1.0, f32::NAN, 3.0, 4.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let mut found = open(file(PAIR, &data)).unwrap();
        assert!(found.next().unwrap_err().to_string().starts_with("a.npy:1: number 2"));
        assert_eq!(found.next().unwrap(), Some(vec![3.0, 4.0]));
        let mut found = open(file(PAIR, &data)).unwrap();
        found.skip_to(1).unwrap();
        assert_eq!(found.next().unwrap(), Some(vec![3.0, 4.0]));
    }
}
