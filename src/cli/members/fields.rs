//! The fields of one line of CSV.
//!
//! One rule: a record is a line. A quote that does not end on its line is an error of that line, and not the end of all
//! that follow.

use std::io::{self, Read};

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

/// Takes lines apart. One reader for all of them: it takes longer to make than to use.
pub(super) struct Fields {
    reader: Reader<OneLine>,
    record: StringRecord,
}

impl Fields {
    pub(super) fn new() -> Self {
        Self {
            reader: reader(),
            record: StringRecord::new(),
        }
    }

    /// The fields of a line, without blanks around them; none of a line that is blank.
    pub(super) fn of(&mut self, line: &[u8]) -> Result<&StringRecord, String> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not text in UTF-8".to_owned())?;
        self.record.clear();
        if line.trim().is_empty() {
            return Ok(&self.record);
        }
        // It would end the record, and what follows would be lost.
        if line.contains('\r') {
            return Err("there is a carriage return in it: a line ends with a newline".to_owned());
        }
        self.reader.get_mut().put(line);
        let read = self.reader.read_record(&mut self.record);
        if self.reader.get_ref().is_asked_for_more {
            self.reader = reader();
            return Err("a quote begins on it and does not end on it".to_owned());
        }
        read.map_err(|why| why.to_string())?;
        Ok(&self.record)
    }
}

fn reader() -> Reader<OneLine> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(OneLine::default())
}

/// Gives out one line with its end, and then notes that more was asked for.
#[derive(Default)]
struct OneLine {
    line: Vec<u8>,
    given: usize,
    is_asked_for_more: bool,
}

impl OneLine {
    fn put(&mut self, line: &str) {
        self.line.clear();
        self.line.extend_from_slice(line.as_bytes());
        self.line.push(b'\n');
        self.given = 0;
    }
}

impl Read for OneLine {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.line.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given += read;
        self.is_asked_for_more = read == 0;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_record_of_its_own() {
        let mut fields = Fields::new();
        let mut of = |line: &str| {
            fields
                .of(line.as_bytes())
                .map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(of("a,b"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(
            of(r#""a,1" , b"c ,"#),
            Ok(["a,1", "b\"c", ""].map(str::to_owned).to_vec())
        );
        for blank in ["", "  ", "\t"] {
            assert_eq!(of(blank), Ok(vec![]));
        }
        for open in [r#""a"#, r#"a"b,"c"#, r#"a,"b,c"#, "\""] {
            assert!(of(open).is_err_and(|why| why.contains("quote")), "{open}");
            assert_eq!(
                of("x,y"),
                Ok(vec!["x".to_owned(), "y".to_owned()]),
                "after {open}"
            );
        }
        let long = format!("{},z", "x".repeat(20_000));
        assert_eq!(of(&long).map(|fields| fields.len()), Ok(2));
        assert!(of("a,b\rc,d").is_err_and(|why| why.contains("newline")));
        assert_eq!(of("\r").map(|fields| fields.len()), Ok(0));
        let mut fields = Fields::new();
        assert!(fields.of(b"a,\xff").is_err_and(|why| why.contains("UTF-8")));
    }
}
