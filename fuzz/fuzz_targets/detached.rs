//! A signature file with a certificate file. The input is the two, after a length of the first in one byte.
#![no_main]

use sealcheck_verify::Material;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((length, files)) = data.split_first() else {
        return;
    };
    let (signature, certificate) = files.split_at(usize::from(*length).min(files.len()));
    let certificate = Some(certificate).filter(|certificate| !certificate.is_empty());
    if let Ok(material) = Material::detached(signature, certificate) {
        sealcheck_fuzz::exercise(&material);
    }
});
