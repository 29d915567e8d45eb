"""Verifies one bundle many times with sigstore-python; prints microseconds of CPU time for one."""

import statistics
import sys
import time
from pathlib import Path

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

root, bundle, artifact, identity, issuer = sys.argv[1:]
text, content = Path(bundle).read_bytes(), Path(artifact).read_bytes()
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
signer = policy.Identity(identity=identity, issuer=issuer)


def verify():
    verifier.verify_artifact(content, Bundle.from_json(text), signer)


verify()
times = []
for _ in range(11):
    start = time.process_time()
    for _ in range(20):
        verify()
    times.append((time.process_time() - start) / 20)
print(f"sigstore-python {statistics.median(times) * 1e6:.1f}")
