module sealcheck.invalid/testbed/trillian

go 1.26.0

require github.com/google/trillian v1.8.0
