//! Step 3: entries that belong elsewhere, were altered, or prove nothing.

mod body;
mod demand;
mod details;
mod promise;
mod proof;

use serde_json::Value;

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}
