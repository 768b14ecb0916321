//! Classes of bytes, looked up in a table: most of the work on a header is this.

/// A set of bytes.
#[derive(Clone, Copy)]
pub(crate) struct Class(u8);

/// `tchar` of RFC 9110 §5.6.2.
pub(crate) const TCHAR: Class = Class(1);
/// `qdtext` of RFC 9110 §5.6.4.
pub(crate) const QDTEXT: Class = Class(2);
/// The bytes of a value without quotes, as the layer reads it: any but `"` `,` `;` `\`, white space and
/// control bytes. With a `"` or a `,` among them, a value could move the border of an element.
pub(crate) const LENIENT: Class = Class(4);
/// The bytes of a DNS label: letters, digits, hyphens, and the underscores of container names.
pub(crate) const LABEL: Class = Class(8);

impl Class {
    #[inline]
    pub(crate) fn has(self, byte: u8) -> bool {
        CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & self.0 != 0)
    }

    /// Counts the bytes of this class at the start of the text.
    #[inline(always)]
    pub(crate) fn prefix(self, text: &[u8]) -> usize {
        let mut length = 0;
        while text.get(length).is_some_and(|byte| self.has(*byte)) {
            length += 1;
        }
        length
    }
}

#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = classes_of(byte);
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

const fn classes_of(byte: u8) -> u8 {
    let tchar = byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
    let qdtext = matches!(byte, b'\t' | b' ' | 0x21 | 0x23..=0x5B | 0x5D..=0x7E | 0x80..);
    let lenient = byte > b' ' && !matches!(byte, 0x7F | b'"' | b',' | b';' | b'\\');
    let label = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (if tchar { TCHAR.0 } else { 0 })
        | (if qdtext { QDTEXT.0 } else { 0 })
        | (if lenient { LENIENT.0 } else { 0 })
        | (if label { LABEL.0 } else { 0 })
}
