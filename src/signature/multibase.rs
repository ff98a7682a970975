//! Multikeys: a multicodec prefix and a key, in base58btc after a `z` (W3C Controlled Identifiers, Multikey).
//!
//! One rule: only what decodes without doubt. A new kind of key is its prefix, in `Multikey`.

/// Longest text that is decoded: an RSA key of 8,192 bits takes about 1,450 characters, and decoding is quadratic.
const MAX_LENGTH: usize = 2048;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The key inside a multibase text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Multikey {
    /// `ed25519-pub` (0xed): 32 raw bytes.
    Ed25519(Vec<u8>),
    /// `rsa-pub` (0x1205): a PKCS#1 `RSAPublicKey` in DER.
    Rsa(Vec<u8>),
    /// Some other kind of key.
    Other,
}

/// `None` if the text is not base58btc multibase.
pub(super) fn decode(text: &str) -> Option<Multikey> {
    let digits = text
        .strip_prefix('z')
        .filter(|digits| digits.len() < MAX_LENGTH)?;
    let bytes = base58(digits)?;
    // The prefixes are unsigned varints.
    Some(match bytes.as_slice() {
        [0xed, 0x01, key @ ..] => Multikey::Ed25519(key.to_vec()),
        [0x85, 0x24, key @ ..] => Multikey::Rsa(key.to_vec()),
        _ => Multikey::Other,
    })
}

fn base58(digits: &str) -> Option<Vec<u8>> {
    // Little-endian while it grows; leading `1`s are leading zero bytes.
    let mut bytes: Vec<u8> = Vec::with_capacity(digits.len());
    for digit in digits.bytes() {
        let mut carry = ALPHABET.iter().position(|&known| known == digit)?;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    let zeros = digits.bytes().take_while(|&digit| digit == b'1').count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base58_is_read_as_its_draft_shows() {
        // draft-msporny-base58-03, section 5.
        assert_eq!(base58("2NEpo7TZRRrLZSi2U").as_deref(), Some(&b"Hello World!"[..]));
        assert_eq!(base58("11233QC4"), Some(vec![0, 0, 0x28, 0x7f, 0xb4, 0xcd]));
    }

    #[test]
    fn characters_outside_the_alphabet_are_refused() {
        for text in ["", "2NE", "z0", "zO", "zI", "zl", "z é", "uAQID"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_of_another_kind_is_told_apart() {
        assert_eq!(decode("z11"), Some(Multikey::Other));
        assert_eq!(decode("z"), Some(Multikey::Other));
    }

    #[test]
    fn a_text_too_long_to_be_a_key_is_not_decoded() {
        assert_eq!(decode(&format!("z{}", "2".repeat(MAX_LENGTH))), None);
    }
}
