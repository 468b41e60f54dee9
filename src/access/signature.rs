//! Signatures of tokens: RS256 and ES256, checked by ring. No other algorithm, and nothing is ever signed.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};

static SIGNATURES: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes these the signatures that tokens are checked by in this process.
pub(super) fn install() {
    // They may be so already: there are no others.
    let _ = SIGNATURES.install_default();
}

/// A public key, bound to its algorithm.
enum Public {
    /// RSASSA-PKCS1-v1_5 with SHA-256: modulus and exponent.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    /// ECDSA on P-256 with SHA-256: an uncompressed point.
    Es256(Vec<u8>),
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            Ok(Box::new(Public::Rs256 { n: n.clone(), e: e.clone() }))
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => Ok(Box::new(Public::Es256(point.clone()))),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    }
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match self {
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
        };
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rs256 { .. } => Algorithm::RS256,
            Self::Es256(_) => Algorithm::ES256,
        }
    }
}
