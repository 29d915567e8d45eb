// The timestamp authority without its metrics server, which insists on port 2112: two testbeds side by side, or one with
// Rekor v1, could not start it.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

func main() {
	host := flag.String("host", "127.0.0.1", "where to listen")
	port := flag.Int("port", 0, "where to listen")
	key := flag.String("file-signer-key-path", "", "the private key, SEC1 PEM")
	chain := flag.String("certificate-chain-path", "", "its certificates, leaf first, PEM")
	flag.Parse()
	viper.Set("timestamp-signer", "file")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("file-signer-key-path", *key)
	viper.Set("certificate-chain-path", *chain)
	viper.Set("enforce-intermediate-eku", true)
	viper.Set("default-policy-oid", "1.3.6.1.4.1.57264.2")
	viper.Set("accepted-policy-oids", []string{"1.3.6.1.4.1.57264.2"})
	viper.Set("max-request-body-size", 1<<20)
	api := server.NewRestAPIServer(*host, *port, []string{"http"}, false, 30*time.Second, 30*time.Second)
	log.Fatal(api.Serve())
}
