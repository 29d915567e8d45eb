// The registry of go-containerregistry with the referrers API, which `crane registry serve` leaves out.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "", "where to listen")
	flag.Parse()
	log.Fatal(http.ListenAndServe(*address, registry.New(registry.WithReferrersSupport(true))))
}
