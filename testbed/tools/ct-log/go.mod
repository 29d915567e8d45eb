module sealcheck.invalid/testbed/ct-log

go 1.25

require github.com/google/certificate-transparency-go v1.4.0
