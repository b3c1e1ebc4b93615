//! Mistakes in mapping files, each with file, line, key and a hint.

use std::fmt;

/// One mistake in a mapping file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappingError {
    /// The file's name, as configured.
    pub file: String,
    /// Its line, from 1; 0 is the file as a whole.
    pub line: usize,
    /// The key, such as `map[0].fields[2].unit`; empty for the file.
    pub key: String,
    /// What is wrong with the value or its absence.
    pub reason: String,
    /// How to fix it.
    pub hint: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}` in ", self.key)?;
        }
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, " line {}", self.line)?;
        }
        write!(f, ": {}", self.reason)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// All mistakes of all mapping files. Displayed behind an `error: `; each further mistake brings its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappingErrors(pub Vec<MappingError>);

impl fmt::Display for MappingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                write!(f, "\nerror: ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for MappingErrors {}
