//! Multikeys: a multicodec prefix and a key, in base58btc after a `z` (W3C Controlled Identifiers, Multikey).
//!
//! One rule: only what decodes without doubt. A new kind of key is its prefix, in `Multikey`.

use super::KeyKind;

/// Longest text that is decoded: an RSA key of 8,192 bits takes about 1,450 characters, and decoding is quadratic.
const MAX_LENGTH: usize = 2048;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The prefixes, as unsigned varints: `ed25519-pub` (0xed) and `rsa-pub` (0x1205).
const ED25519: [u8; 2] = [0xed, 0x01];
const RSA: [u8; 2] = [0x85, 0x24];

/// The key inside a multibase text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Multikey {
    /// 32 raw bytes.
    Ed25519(Vec<u8>),
    /// A PKCS#1 `RSAPublicKey` in DER.
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
    let key = |prefix: &[u8]| bytes.strip_prefix(prefix).map(<[u8]>::to_vec);
    Some(match (key(&ED25519), key(&RSA)) {
        (Some(key), _) => Multikey::Ed25519(key),
        (_, Some(key)) => Multikey::Rsa(key),
        _ => Multikey::Other,
    })
}

/// A key in base58btc, behind the prefix of its kind.
pub(super) fn encode(kind: KeyKind, key: &[u8]) -> String {
    let prefix = match kind {
        KeyKind::Ed25519 => ED25519,
        KeyKind::Rsa => RSA,
    };
    to_base58(prefix.iter().chain(key))
}

/// A signature in base58btc, as proofs have it.
pub(super) fn encode_signature(signature: &[u8]) -> String {
    to_base58(signature.iter())
}

/// The bytes of a signature; `None` if it is not base58btc multibase of an honest length.
pub(super) fn decode_signature(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix('z').filter(|digits| digits.len() < 128)?;
    base58(digits)
}

fn to_base58<'a>(bytes: impl Iterator<Item = &'a u8> + Clone) -> String {
    // Each zero byte at the beginning is a digit of its own.
    let zeros = bytes.clone().take_while(|byte| **byte == 0).count();
    let mut digits: Vec<usize> = Vec::new();
    for byte in bytes.skip(zeros) {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let digits = digits.iter().rev().map(|&digit| char::from(ALPHABET[digit]));
    let zeros = std::iter::repeat_n('1', zeros);
    std::iter::once('z').chain(zeros).chain(digits).collect()
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn what_is_written_is_read_again(key in prop::collection::vec(any::<u8>(), 0..300)) {
            let read = |kind| decode(&encode(kind, &key));
            prop_assert_eq!(read(KeyKind::Ed25519), Some(Multikey::Ed25519(key.clone())));
            prop_assert_eq!(read(KeyKind::Rsa), Some(Multikey::Rsa(key.clone())));
        }

        #[test]
        fn a_signature_that_is_written_is_read_again(signature in prop::collection::vec(0..4u8, 0..80)) {
            prop_assert_eq!(decode_signature(&encode_signature(&signature)), Some(signature));
        }
    }
}
