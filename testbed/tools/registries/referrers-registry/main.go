// The registry of go-containerregistry with the referrers API, which `crane registry serve` leaves out. Its log has a line for
// each request: method, address, status, and the bytes of the answer's body.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

// answer remembers what it was told to send.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(body []byte) (int, error) {
	count, err := a.ResponseWriter.Write(body)
	a.bytes += count
	return count, err
}

func main() {
	address := flag.String("address", "", "where to listen")
	flag.Parse()
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	served := registry.New(registry.WithReferrersSupport(true), quiet)
	logged := func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		served.ServeHTTP(a, r)
		if r.Method == http.MethodHead {
			a.bytes = 0
		}
		log.Println(r.Method, r.URL, a.status, a.bytes)
	}
	log.Fatal(http.ListenAndServe(*address, http.HandlerFunc(logged)))
}
