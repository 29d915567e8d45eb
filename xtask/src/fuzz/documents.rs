//! Seeds for what a release says that it consists of.

use anyhow::Result;
use serde_json::json;

use super::seeds::{seed, seed_json};

/// A document in each form and version, in the layout of real releases.
pub(super) fn write() -> Result<()> {
    let (sha1, sha256, sha512) = ("0a".repeat(20), "1b".repeat(32), "2c".repeat(64));
    let head = "SPDXID: SPDXRef-DOCUMENT\nDocumentName: Release v1.2.3\nDocumentNamespace: https://sbom.test/v1.2.3\n";
    let release = format!(
        "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n{head}\
         ExternalDocumentRef:DocumentRef-source https://sbom.test/source SHA1: {sha1}\n\
         Creator: Tool: bom\nCreated: 2026-01-01T00:00:00Z\n\n\n##### Files independent of packages\n\n\
         FileName: bin/linux/arm64/tool\nSPDXID: SPDXRef-File-tool\nFileChecksum: SHA1: {sha1}\n\
         FileChecksum: SHA256: {sha256}\nFileChecksum: SHA512: {sha512}\nFileType: BINARY\nFileType: APPLICATION\n\n\
         FileName: ./tool.tar.gz\nSPDXID: SPDXRef-File-tar\nFileChecksum: SHA256: {sha256}\n\n\
         ##### Package: tool.tar\n\nPackageName: tool.tar\nSPDXID: SPDXRef-Package-r.test-tool-arm64-v1.2.3\n\
         PackageChecksum: SHA256: {sha256}\nPackageDownloadLocation: NONE\nPackageFileName: /build/arm64/tool.tar\n\n\
         Relationship: SPDXRef-Package-r.test-tool-arm64-v1.2.3 CONTAINS SPDXRef-Package-r.test-tool-arm64-v1.2.3-l\n\
         ##### Package: l\nPackageName: l\nSPDXID: SPDXRef-Package-r.test-tool-arm64-v1.2.3-l\n\
         PackageComment: <text>a\nb</text>\n\
         Relationship: SPDXRef-Package-r.test-tool-arm64-v1.2.3 GENERATED_FROM DocumentRef-source:SPDXRef-x\n\
         Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-File-tool\n"
    );
    let named = format!(
        "SPDXVersion: SPDX-2.2\r\n{head}PackageName: team/tool:v1\r\nSPDXID: SPDXRef-Package-tool\r\nPackageVersion: v1\r\n\
         ExternalRef: PACKAGE-MANAGER purl pkg:oci/tool@sha256%3A{sha256}?repository_url=r.test/tool&tag=v1&arch=arm64\r\n\
         FileName: a\r\nSPDXID: SPDXRef-a\r\nFileChecksum: MD6: 00ff00ff00ff00ff00ff00ff00ff00ff\r\nSnippetSPDXID: SPDXRef-s\r\n"
    );
    seed("spdx/release", release)?;
    seed("spdx/named", named)?;
    seed_json(
        "spdx/json",
        &json!({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "n", "documentNamespace": "u",
            "creationInfo": {"created": "t", "creators": ["Tool: bom"]},
            "externalDocumentRefs": [{
                "externalDocumentId": "DocumentRef-s", "spdxDocument": "u",
                "checksum": {"algorithm": "SHA1", "checksumValue": sha1},
            }],
            "documentDescribes": ["SPDXRef-p"],
            "files": [{
                "SPDXID": "SPDXRef-f", "fileName": "./bin/f", "fileTypes": ["BINARY"],
                "checksums": [{"algorithm": "SHA256", "checksumValue": sha256}],
            }],
            "packages": [{
                "SPDXID": "SPDXRef-p", "name": "p", "versionInfo": "1", "packageFileName": "p.tar",
                "downloadLocation": "NOASSERTION", "hasFiles": ["SPDXRef-f"],
                "checksums": [{"algorithm": "SHA512", "checksumValue": sha512}],
                "externalRefs": [{
                    "referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
                    "referenceLocator": "pkg:docker/team/tool@v1",
                }],
            }],
            "snippets": [{"SPDXID": "SPDXRef-s"}],
            "relationships": [{
                "spdxElementId": "SPDXRef-p", "relationshipType": "CONTAINS", "relatedSpdxElement": "DocumentRef-s:SPDXRef-x",
            }],
        }),
    )
}
